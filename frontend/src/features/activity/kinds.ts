/** Events one can filter by, in the order people look for them. */
export const kinds = [
  'session.signed_in',
  'session.signed_out',
  'user.added',
  'activation.completed',
  'mfa.app_enabled',
  'breakGlass.used',
  'access.refused',
  'gateway.refused',
  'isproxy.refused',
  'setup.finished',
] as const
