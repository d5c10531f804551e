//go:build desktop || dev

package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/logger"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/options/mac"
	"github.com/wailsapp/wails/v2/pkg/options/windows"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"gatehouse/internal/page"
	"gatehouse/internal/securitykey/native"
)

// HasWindow tells whether this build can open a window.
const HasWindow = true

func run(ctx context.Context, config Config) (err error) {
	if !DisplayAvailable() {
		return ErrNoDisplay
	}
	if _, err := fs.Stat(config.Assets, "index.html"); err != nil {
		return fmt.Errorf("open the window: this build came out without its page (make build): %w", err)
	}
	noInspector()
	// GTK refuses by panicking when the display turns it away after all, for
	// instance for want of an X authority.
	defer func() {
		if cause := recover(); cause != nil {
			err = errors.Join(ErrNoDisplay, fmt.Errorf("open the window: %v", cause))
		}
	}()

	win := &window{}
	desk := &Desk{save: win.askWhereToSave, open: win.openInBrowser}
	log := config.logger()
	securityKeys := newSecurityKeys(config.KeyDevices, win.emit, desk.OpenLink, log)

	var closed sync.Once
	onClose := func() {
		closed.Do(func() {
			securityKeys.close()
			if config.OnClose != nil {
				config.OnClose()
			}
		})
	}
	defer onClose()

	stop := make(chan struct{})
	defer close(stop)
	var ready sync.Once

	err = wails.Run(&options.App{
		Title:            config.Title,
		Width:            startWidth,
		Height:           startHeight,
		MinWidth:         minWidth,
		MinHeight:        minHeight,
		BackgroundColour: options.NewRGB(0xF6, 0xF3, 0xEC),

		AssetServer: &assetserver.Options{
			Assets: config.Assets,
			// Wails asks this handler for whatever is not among the files.
			Handler:    page.Missing(),
			Middleware: secure,
		},
		Bind:           append([]any{desk, securityKeys}, config.Bind...),
		ErrorFormatter: func(err error) any { return problemText(config.Problem, err) },

		Logger:             libraryLog{log},
		LogLevel:           logger.ERROR,
		LogLevelProduction: logger.ERROR,

		// A file or link dropped on the window would take the place of the app.
		DragAndDrop: &options.DragAndDrop{DisableWebViewDrop: true},
		// Reload, back and "inspect" have no place in a desk. Dev tools are in
		// builds with the tag "devtools" only.
		EnableDefaultContextMenu:         false,
		EnableFraudulentWebsiteDetection: false,

		SingleInstanceLock: win.singleInstance(config.Instance),

		OnStartup: func(started context.Context) {
			win.start(started)
			go func() {
				select {
				case <-ctx.Done():
					runtime.Quit(started)
				case <-stop:
				}
			}()
		},
		// OnStartup is too early: a second window is only then turned away.
		OnDomReady: func(context.Context) {
			if config.OnReady != nil {
				ready.Do(func() { go config.OnReady() })
			}
		},
		OnShutdown: func(context.Context) { onClose() },

		Linux: &linux.Options{
			Icon:        config.Icon,
			ProgramName: "gatehouse",
			// Office machines, thin clients and virtual displays draw wrongly or
			// not at all with acceleration more often than forms need it.
			WebviewGpuPolicy: linux.WebviewGpuPolicyNever,
		},
		Windows: &windows.Options{
			Theme:            windows.SystemDefault,
			DisablePinchZoom: true,
			// Zooming to 400 % is how some people read.
			IsZoomControlEnabled: true,
			WindowClassName:      "Gatehouse",
		},
		Mac: &mac.Options{
			Preferences: &mac.Preferences{
				TabFocusesLinks:        mac.Enabled,
				TextInteractionEnabled: mac.Enabled,
			},
			// Esc closes dialogs of the page, also in full screen.
			DisableEscapeExitsFullscreen: true,
			About: &mac.AboutInfo{
				Title:   config.Title,
				Message: "The access desk of domain registrars.",
				Icon:    config.Icon,
			},
		},
	})
	if err != nil {
		return fmt.Errorf("open the window: %w", err)
	}
	return nil
}

// window is the running window as Desk sees it. Wails hands over the context
// that its calls want only once the window is starting.
type window struct {
	mu  sync.Mutex
	ctx context.Context // of Wails, nil before the start; not a request's
}

func (w *window) start(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ctx = ctx
}

func (w *window) started() (context.Context, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ctx == nil {
		return nil, errors.New("the window is not open yet")
	}
	return w.ctx, nil
}

func (w *window) askWhereToSave(name string) (string, error) {
	ctx, err := w.started()
	if err != nil {
		return "", err
	}
	return runtime.SaveFileDialog(ctx, runtime.SaveDialogOptions{
		DefaultFilename:      name,
		CanCreateDirectories: true,
	})
}

func (w *window) openInBrowser(url string) error {
	ctx, err := w.started()
	if err != nil {
		return err
	}
	runtime.BrowserOpenURL(ctx, url)
	return nil
}

// emit sends an event to the page.
func (w *window) emit(event string, data any) {
	if ctx, err := w.started(); err == nil {
		runtime.EventsEmit(ctx, event, data)
	}
}

func (w *window) singleInstance(id string) *options.SingleInstanceLock {
	if id == "" {
		return nil
	}
	return &options.SingleInstanceLock{
		UniqueId: id,
		OnSecondInstanceLaunch: func(options.SecondInstanceData) {
			ctx, err := w.started()
			if err != nil {
				return // it is coming up by itself
			}
			runtime.WindowUnminimise(ctx)
			runtime.Show(ctx)
		},
	}
}

// newSecurityKeys asks the keys at paths, or whichever are there.
func newSecurityKeys(paths []string, tell func(string, any), open func(string) error, log *slog.Logger) *SecurityKeys {
	return &SecurityKeys{client: native.Client{Paths: paths}, tell: tell, open: open, log: log}
}

// close ends what runs, for good: the window is gone.
func (s *SecurityKeys) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.end()
}
