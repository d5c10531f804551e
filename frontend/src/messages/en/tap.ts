import type { Source } from '../catalogue'

/** The words that lead through a ceremony with a security key. */
export default {
  'tap.asking': 'One moment …',
  'tap.system': 'Tap your security key',
  'tap.systemCreate':
    'Insert it into a USB port and follow the window that your browser or system shows now. A passkey on your phone or in a password manager works, too.',
  'tap.systemGet': 'Insert it and follow the window that your browser or system shows now.',
  'tap.plug_in': 'Insert your security key',
  'tap.text.plug_in': 'Put it into a USB port of this computer. This goes on by itself as soon as it is there.',
  'tap.choose': 'Touch the key you mean',
  'tap.text.choose': 'Several keys are inserted. The one that you touch is the one that counts.',
  'tap.touch': 'Touch your key now',
  'tap.touchAgain': 'Please touch it once more',
  'tap.text.touch': 'Its light blinks while it waits. A key that reads fingerprints wants the finger it knows.',
  'tap.pin': 'Enter the PIN of your key',
  'tap.text.pin':
    'The PIN belongs to the key and was set when the key was new. It is not your password, and is not kept here.',
  'tap.pin.label': 'PIN of the security key',
  'tap.pin.enter': 'Continue',
  'tap.pin.help': 'Too many wrong PINs lock the key.',
  'tap.pin.tries': {
    one: 'One try is left. If that is wrong too, the key is locked.',
    other: '{n} tries are left before the key is locked.',
  },
  'tap.pin.wrong': 'This PIN is not right.',
  'tap.pin.unfit': 'This cannot be the PIN: it has at least 4 characters, and at most 63.',
  'tap.account': 'Which user do you want to sign in as?',
  'tap.text.account': 'This key can sign in to several.',
  'tap.browser': 'Continue in your browser',
  'tap.text.browser':
    'A page was opened there that asks for your key. Come back when it says so; this window goes on by itself.',
  'tap.address': 'No page, or the wrong browser? Open this address on this computer:',
  'tap.addressName': 'address of the page',
  'tap.safari': 'It works in Chrome, Edge and Firefox; Safari does not find it. It is valid for two minutes, once.',
  'tap.checking': 'Checking the answer …',
  'tap.done': 'Your key was accepted',
  'tap.refused': 'That did not work',
  'tap.again': 'Try again',
  'tap.way.page': 'Ask the key here',
  'tap.way.native': 'Use the USB port of this computer',
  'tap.way.browser': 'Use my browser instead',

  'tap.failed.no_key': 'No security key was found',
  'tap.next.no_key': 'Insert it into a USB port of this computer, then try again.',
  'tap.failed.not_permitted': 'This computer does not let Gatehouse use the key',
  'tap.next.not_permitted':
    'The key is inserted, but may not be opened. Ask whoever looks after this computer to allow security keys (on Linux by a udev rule; Flatpak and Snap need their permission for devices).',
  'tap.failed.not_registered': 'This key is not registered here',
  'tap.next.not_registered': 'Take the key that you registered for this place, then try again.',
  'tap.failed.registered_already': 'This key is registered already',
  'tap.next.registered_already': 'It is in your list. To add another one, take a different key and try again.',
  'tap.failed.pin_needed': 'This key needs a PIN',
  'tap.next.pin_needed':
    'Set a PIN for the key first: in the security settings of your system or browser, or with its maker’s program. Then try again.',
  'tap.failed.pin_wrong': 'That PIN was not right',
  'tap.next.pin_wrong': 'Try again. Too many wrong PINs lock the key.',
  'tap.failed.pin_blocked_until_replugged': 'The key takes a pause',
  'tap.next.pin_blocked_until_replugged':
    'There were several wrong PINs. Pull the key out, insert it again, and try again.',
  'tap.failed.pin_blocked': 'The key is locked for good',
  'tap.next.pin_blocked':
    'There were too many wrong PINs. Only its maker’s program can reset it, and it then forgets every site. Use another way here.',
  'tap.failed.timed_out': 'The time was over',
  'tap.next.timed_out':
    'Nobody tapped a key within two minutes. Nothing has changed; try again when you have it at hand.',
  'tap.failed.cancelled': 'No key was used',
  'tap.cancelledCreate':
    'It was cancelled, or the key could not be used. Nothing has changed. Try again; a key that is in your list already cannot be added twice.',
  'tap.cancelledGet':
    'It was cancelled, or the key is not one that is registered here. Try again with a key from your list, or use another way.',
  'tap.failed.unplugged': 'The key was pulled out too early',
  'tap.next.unplugged': 'Leave it inserted until this page says that it was accepted. Try again.',
  'tap.failed.busy': 'Another program is using the key',
  'tap.next.busy': 'A browser or a mail program may be asking for it. Close that, or wait a moment, and try again.',
  'tap.failed.full': 'The key is full',
  'tap.next.full': 'It has no room for another passkey. Remove one with its maker’s program, or use another key.',
  'tap.failed.unfit': 'This key cannot do what is needed here',
  'tap.next.unfit': 'It is too old, or has no PIN and no fingerprint reader. Use another key or another way.',
  'tap.failed.certificate': 'The certificate of this site is not trusted',
  'tap.next.certificate':
    'Browsers do not use security keys where a warning about the certificate was clicked away. Ask whoever runs this Gate for a certificate that your browser trusts, and use another way until then.',
  'tap.failed.not_here': 'Security keys do not work at this address',
  'tap.next.not_here': 'They are bound to the public address of this Gatehouse. Open it there, or use another way.',
  'tap.failed.failed': 'The key could not be asked',
  'tap.next.failed':
    'Pull it out, insert it again and try again. If that does not help, use another key or another way.',
} as const satisfies Source
