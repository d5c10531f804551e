//go:build desktop && linux && !devtools && !dev

package app

import "os"

// noInspector keeps WebKit from opening its remote inspector. WebKitGTK listens
// for one, with the page on offer, as soon as these variables are set, whether
// or not the program has developer tools switched on; whoever connects can act
// as the person who is signed in.
func noInspector() {
	for _, name := range []string{"WEBKIT_INSPECTOR_SERVER", "WEBKIT_INSPECTOR_HTTP_SERVER"} {
		_ = os.Unsetenv(name)
	}
}
