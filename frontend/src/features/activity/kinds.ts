/** Events one can filter by, in the order people look for them. */
export const kinds = [
  'session.signed_in',
  'session.signed_out',
  'user.added',
  'user.activated',
  'second_factor.added',
  'recovery_code.used',
  'installation.set_up',
] as const
