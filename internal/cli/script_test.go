package cli_test

import (
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"

	"gatehouse/app"
	"gatehouse/internal/cli"
	"gatehouse/internal/ops"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"gatehouse": func() {
			page := fstest.MapFS{"frontend/dist/index.html": {Data: []byte("<!doctype html><title>Gatehouse</title>")}}
			os.Exit(cli.Main(os.Args[1:], page))
		},
		"occupy": occupy,
	})
}

// The command line as somebody at a terminal sees it: testdata/*.txt.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			home := e.WorkDir + "/home"
			e.Setenv("HOME", home)
			e.Setenv("XDG_CONFIG_HOME", home+"/config")
			e.Setenv("XDG_DATA_HOME", home+"/data")
			e.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
			e.Setenv("DISPLAY", "")
			e.Setenv("WAYLAND_DISPLAY", "")
			e.Setenv("GATEHOUSE_DB", "sqlite:"+e.WorkDir+"/gate/gatehouse.db")
			e.Setenv("GATEHOUSE_KEY_FILE", e.WorkDir+"/keys/gate.key")
			e.Setenv("TZ", "UTC")
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name != "window" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			return app.HasWindow, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "sql": change, "ready": ready, "get": get,
		},
	})
}

// exits CODE COMMAND…: the command ends with that code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("it exits with %s, not %s", got, args[0])
	}
}

// sql FILE STATEMENT: somebody with the file and without the key.
func change(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec(args[1])
	ts.Check(err)
}

var address = regexp.MustCompile(`(?m)^Gatehouse is ready at (https?://\S+)$`)

// ready FILE: wait until a server in the background has written its line to a
// file, and keep its address in $ADDRESS.
func ready(ts *testscript.TestScript, _ bool, args []string) {
	file := ts.MkAbs(args[0])
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		text, _ := os.ReadFile(file)
		if m := address.FindSubmatch(text); m != nil {
			ts.Setenv("ADDRESS", string(m[1]))
			ts.Setenv("LISTEN", strings.TrimPrefix(string(m[1]), "http://"))
			return
		}
		<-time.After(10 * time.Millisecond) // another process; there is nothing to wait on
	}
	ts.Fatalf("it did not get ready")
}

// get PATH TEXT: the server answers, and says TEXT.
func get(ts *testscript.TestScript, _ bool, args []string) {
	r, err := http.Get(ts.Getenv("ADDRESS") + args[0])
	ts.Check(err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	ts.Check(err)
	if !strings.Contains(string(body), args[1]) {
		ts.Fatalf("%s says %s", args[0], body)
	}
}

// occupy holds a port of loopback until it is told to stop, and prints its
// address as a server does.
func occupy() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		os.Exit(1)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	os.Stdout.WriteString("Gatehouse is ready at http://" + l.Addr().String() + "\n")
	<-stop
}

// Whatever the console may run is a command, and nothing else is.
func TestCommands_agreeWithTable(t *testing.T) {
	for _, o := range ops.New(ops.Dependencies{}).Table().All() {
		i := o.Info()
		noun, verb, _ := strings.Cut(i.Name, ".")
		_, known := cli.Commands()[dashed(noun)+" "+dashed(verb)]
		if want := i.Rule.Console() && i.Route != ""; known != want {
			t.Errorf("%s: a command %v, want %v", i.Name, known, want)
		}
	}
}

func dashed(name string) string {
	return strings.ToLower(regexp.MustCompile(`[A-Z]`).ReplaceAllString(name, "-$0"))
}
