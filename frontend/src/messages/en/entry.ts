import type { Source } from '../catalogue'

/** The words of set-up and activation. */
export default {
  'setup.title': 'Set up Gatehouse',
  'setup.step': 'Step {n} of {total}',
  'setup.steps': 'Steps of the set-up',
  'setup.welcome': 'Welcome',
  'setup.welcomeTitle': 'Welcome to Gatehouse',
  'setup.welcomeText':
    'In about five minutes you will have a safe front door for your registrar account. You can stop at any time before the last step; nothing is kept until then.',
  'setup.need': 'Have these at hand',
  'setup.need.org': 'The name and e-mail address of your organisation',
  'setup.need.phone': 'Your phone, with an authenticator app',
  'setup.need.manager': 'A password manager or a printer, for recovery codes',
  'setup.code': 'Set-up code',
  'setup.codeHelp':
    'It stands in the window or log where Gatehouse was started. It proves that you are the one who runs this server.',
  'setup.start': 'Start',
  'setup.org': 'Your organisation',
  'setup.orgText': 'This account runs the installation. Its handle cannot be changed later.',
  'setup.orgName': 'Name of the organisation',
  'setup.orgHandle': 'Handle',
  'setup.orgHandleHelp': 'A short name for addresses and files: 3 to 40 of a–z, 0–9 and hyphen. It stays for good.',
  'setup.orgEmail': 'Official e-mail address',
  'setup.orgEmailHelp': 'The address under which your organisation is officially reached.',
  'setup.orgMobile': 'Mobile number',
  'setup.you': 'You',
  'setup.youTitle': 'You, the admin user',
  'setup.youText': 'You will be the first user, and the one who lets the others in.',
  'setup.codes': 'Recovery codes',
  'setup.app': 'Authenticator app',
  'setup.done': 'Done',
  'setup.doneTitle': 'Your gatehouse is open',
  'setup.doneText': 'You are signed in as {login}. Your account is protected by a password and an authenticator app.',
  'setup.doneNext': 'A good next step is to add a user for each of your colleagues.',
  'setup.enter': 'Go to Gatehouse',
  'setup.elsewhereTitle': 'Somebody else has just finished the set-up',
  'setup.elsewhereText':
    'This installation now belongs to the account that was created then, and nothing of what you typed was kept. If you did not expect this, tell whoever runs the server. Otherwise sign in, or ask for a user of your own.',
  'setup.toSignIn': 'Go to sign-in',
  'setup.again': 'Start the last step again',
  'setup.againText':
    'That took a little long, so the codes are no longer valid. Make new ones; what you typed is still here.',

  'activate.title': 'Activate your user',
  'activate.code': 'Activation code',
  'activate.codeText': 'Type the code you were given, or open your link again. Capitals and hyphens do not matter.',
  'activate.check': 'Continue',
  'activate.checking': 'Checking your link …',
  'activate.welcome': 'Welcome, {name}',
  'activate.welcomeText': 'You have been given access to {account}. Choose a password that only you know.',
  'activate.newTitle': 'Choose a new password',
  'activate.newText': 'For your user at {account}. Your 2-factor authentication stays as it is.',
  'activate.login': 'Your login',
  'activate.loginApart':
    'Your login comes by another way than this link: by SMS, or from whoever invited you. You need it to sign in.',
  'activate.loginHelp': 'You will sign in with it. It never changes.',
  'activate.submit': 'Set password',
  'activate.until': 'Valid until {time}',
  'activate.dead': 'This link or code no longer works',
  'activate.deadText':
    'It may have been used, replaced by a newer one, or be too old. Look for a newer one, or ask the person who gave it to you.',
  'activate.another': 'Type a code',
  'activate.resend': 'Send me a new one',
  'activate.resent':
    'If it has only expired, a new link is on its way to the same e-mail address. Look into your mailbox, also among unwanted mail.',

  'forgotten.title': 'Forgotten password',
  'forgotten.text': 'Type your login. A link with which you choose a new password goes to your own e-mail address.',
  'forgotten.submit': 'Send me a link',
  'forgotten.askedTitle': 'Look into your mailbox',
  'forgotten.asked':
    'If there is a user with this login, a link is on its way to that user’s own mailbox. It works for 24 hours, once.',
  'forgotten.nothing':
    'Nothing came within a few minutes? Look among unwanted mail, and check the login. After a few minutes you can ask for a further link. Otherwise ask an administrator of your account.',
  'activate.toSignIn': 'To sign-in',
} as const satisfies Source
