//go:build cgo && (desktop || dev) && linux

package native_test

import (
	"context"
	"testing"
	"time"

	"gatehouse/internal/securitykey/native"
	"gatehouse/internal/securitykey/softkey"
)

func TestClient_severalKeys(t *testing.T) {
	for name, configs := range map[string][2]softkey.Config{
		"CTAP2":        {{}, {PIN: "1234"}},
		"U2F":          {{U2F: softkey.U2FOnly}, {U2F: softkey.U2FOnly}},
		"one of each":  {{PIN: "1234"}, {U2F: softkey.U2FOnly}},
		"without PINs": {{CTAP20: true}, {CTAP20: true}},
	} {
		t.Run(name, func(t *testing.T) {
			one, two, s, y := newSoft(t, configs[0]), newSoft(t, configs[1]), newSite(t), types("1234")
			one.TouchAlways(false)
			two.TouchAlways(false)
			y.on = map[native.Step]func(){
				native.StepChoose: two.TouchOnce,
				native.StepTouch:  two.TouchOnce,
			}
			s.mustRegister(looking(one, two), y.person())
			if got := len(one.Credentials()); got != 0 {
				t.Errorf("the other key has %d credentials", got)
			}
			if y.steps[0] != native.StepChoose || y.steps[1] != native.StepFound {
				t.Errorf("the steps are %q", y.steps)
			}
			// The one that was not meant is free for the next.
			one.TouchAlways(true)
			s.mustRegister(looking(one), types("1234").person())
		})
	}
	t.Run("one more is plugged in", func(t *testing.T) {
		one, two, three, s, y := newSoft(t, softkey.Config{}), newSoft(t, softkey.Config{}), newSoft(t, softkey.Config{}), newSite(t), types()
		one.TouchAlways(false)
		two.TouchAlways(false)
		three.out()
		y.on = map[native.Step]func(){native.StepChoose: three.in}
		s.mustRegister(looking(one, two, three), y.person())
		if len(three.Credentials()) != 1 {
			t.Error("it was passed over")
		}
	})
	t.Run("nobody touches any", func(t *testing.T) {
		one, two, s := newSoft(t, softkey.Config{}), newSoft(t, softkey.Config{U2F: softkey.U2FOnly}), newSite(t)
		one.TouchAlways(false)
		two.TouchAlways(false)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		_, err := s.register(ctx, looking(one, two), types().person())
		wants(t, err, native.TimedOut)
	})
	t.Run("one is pulled out, the other touched", func(t *testing.T) {
		one, two, s, y := newSoft(t, softkey.Config{}), newSoft(t, softkey.Config{}), newSite(t), types()
		one.TouchAlways(false)
		two.TouchAlways(false)
		y.on = map[native.Step]func(){native.StepChoose: func() { one.out(); two.TouchAlways(true) }}
		s.mustRegister(looking(one, two), y.person())
	})
}
