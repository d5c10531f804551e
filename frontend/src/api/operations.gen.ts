// Generated from the table of operations. Do not edit.
export const operations = {
  'installation.show': { method: 'GET', path: '/installation', noun: 'Installation', verb: 'Show' },
  'installation.protection': { method: 'GET', path: '/installation/protection', noun: 'Installation', verb: 'Protection' },
  'setup.begin': { method: 'POST', path: '/setup', noun: 'Setup', verb: 'Begin' },
  'setup.finish': { method: 'POST', path: '/setup/finish', noun: 'Setup', verb: 'Finish' },
  'activation.check': { method: 'POST', path: '/activation/check', noun: 'Activation', verb: 'Check' },
  'activation.complete': { method: 'POST', path: '/activation/complete', noun: 'Activation', verb: 'Complete' },
  'session.signIn': { method: 'POST', path: '/session', noun: 'Session', verb: 'SignIn' },
  'session.verify': { method: 'POST', path: '/session/second-factor', noun: 'Session', verb: 'Verify' },
  'session.show': { method: 'GET', path: '/session', noun: 'Session', verb: 'Show' },
  'session.signOut': { method: 'DELETE', path: '/session', noun: 'Session', verb: 'SignOut' },
  'profile.show': { method: 'GET', path: '/profile', noun: 'Profile', verb: 'Show' },
  'secondFactors.beginApp': { method: 'POST', path: '/profile/authenticator-app', noun: 'SecondFactors', verb: 'BeginApp' },
  'secondFactors.confirmApp': { method: 'POST', path: '/profile/authenticator-app/confirm', noun: 'SecondFactors', verb: 'ConfirmApp' },
  'users.list': { method: 'GET', path: '/users', noun: 'Users', verb: 'List' },
  'users.show': { method: 'GET', path: '/users/{id}', noun: 'Users', verb: 'Show' },
  'users.add': { method: 'POST', path: '/users', noun: 'Users', verb: 'Add' },
  'roles.list': { method: 'GET', path: '/roles', noun: 'Roles', verb: 'List' },
  'activity.list': { method: 'GET', path: '/activity', noun: 'Activity', verb: 'List' },
} as const

/** What the activity log may say happened. */
export const events = [
  'access.refused',
  'activation.completed',
  'activation.opened',
  'mfa.app_enabled',
  'mfa.app_started',
  'session.password_accepted',
  'session.signed_in',
  'session.signed_out',
  'setup.finished',
  'setup.started',
  'user.added',
] as const
