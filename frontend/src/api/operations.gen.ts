// Generated from the table of operations. Do not edit.
export const operations = {
  'installation.show': { method: 'GET', path: '/installation', noun: 'Installation', verb: 'Show', background: true, stepUp: false },
  'installation.protection': { method: 'GET', path: '/installation/protection', noun: 'Installation', verb: 'Protection', background: true, stepUp: false },
  'setup.begin': { method: 'POST', path: '/setup', noun: 'Setup', verb: 'Begin', background: false, stepUp: false },
  'setup.finish': { method: 'POST', path: '/setup/finish', noun: 'Setup', verb: 'Finish', background: false, stepUp: false },
  'activation.check': { method: 'POST', path: '/activation/check', noun: 'Activation', verb: 'Check', background: false, stepUp: false },
  'activation.complete': { method: 'POST', path: '/activation/complete', noun: 'Activation', verb: 'Complete', background: false, stepUp: false },
  'session.signIn': { method: 'POST', path: '/session', noun: 'Session', verb: 'SignIn', background: false, stepUp: false },
  'session.verify': { method: 'POST', path: '/session/second-factor', noun: 'Session', verb: 'Verify', background: false, stepUp: false },
  'session.show': { method: 'GET', path: '/session', noun: 'Session', verb: 'Show', background: true, stepUp: false },
  'session.signOut': { method: 'DELETE', path: '/session', noun: 'Session', verb: 'SignOut', background: false, stepUp: false },
  'profile.show': { method: 'GET', path: '/profile', noun: 'Profile', verb: 'Show', background: false, stepUp: false },
  'secondFactors.beginApp': { method: 'POST', path: '/profile/authenticator-app', noun: 'SecondFactors', verb: 'BeginApp', background: false, stepUp: false },
  'secondFactors.confirmApp': { method: 'POST', path: '/profile/authenticator-app/confirm', noun: 'SecondFactors', verb: 'ConfirmApp', background: false, stepUp: false },
  'users.list': { method: 'GET', path: '/users', noun: 'Users', verb: 'List', background: false, stepUp: false },
  'users.show': { method: 'GET', path: '/users/{id}', noun: 'Users', verb: 'Show', background: false, stepUp: false },
  'users.add': { method: 'POST', path: '/users', noun: 'Users', verb: 'Add', background: false, stepUp: false },
  'roles.list': { method: 'GET', path: '/roles', noun: 'Roles', verb: 'List', background: false, stepUp: false },
  'activity.list': { method: 'GET', path: '/activity', noun: 'Activity', verb: 'List', background: false, stepUp: false },
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
