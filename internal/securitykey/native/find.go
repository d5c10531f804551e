package native

import (
	"context"
	"errors"
	"slices"
	"time"
)

const (
	// look is how often we look whether a key has been plugged in.
	look = 200 * time.Millisecond
	// settling is how long a new key may be without permissions: udev makes
	// the device first, and gives it to the person at the screen then.
	settling = time.Second
	// turn is how long each of several keys is listened to.
	turn = 50 * time.Millisecond
)

// find waits for a key to be plugged in and opens it; of several, the one that
// is touched.
func (c Client) find(ctx context.Context, p Person) (authenticator, Device, error) {
	told := false
	var barred time.Time
	for {
		all, err := c.Devices()
		if err != nil {
			return nil, Device{}, err
		}
		usable := slices.DeleteFunc(slices.Clone(all), func(d Device) bool { return !d.Permitted })
		switch {
		case len(usable) > 0:
			k, d, err := c.pick(ctx, p, usable)
			// One that is gone again when we open it: we wait on.
			if !errors.Is(err, &Error{Code: Unplugged}) {
				return k, d, err
			}
		case len(all) == 0:
			barred = time.Time{}
		case barred.IsZero():
			barred = time.Now()
		case time.Since(barred) > settling:
			return nil, all[0], &Error{Code: NotPermitted, Device: all[0]}
		}
		if len(all) == 0 && !told {
			p.tell(StepPlugIn, Device{})
			told = true
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, Device{}, &Error{Code: NoKey, cause: ctx.Err()}
			}
			return nil, Device{}, &Error{Code: Cancelled, cause: ctx.Err()}
		case <-time.After(look):
		}
	}
}

func (c Client) pick(ctx context.Context, p Person, devices []Device) (authenticator, Device, error) {
	if len(devices) == 1 {
		k, err := open(ctx, devices[0], p)
		if err != nil {
			return nil, Device{}, err
		}
		p.tell(StepFound, devices[0])
		return k, devices[0], nil
	}
	t := table{person: p}
	defer t.closeOthers()
	for _, d := range devices {
		// One of them that is busy or broken does not spoil the others.
		if err := t.add(ctx, d); err != nil {
			t.last = err
		}
	}
	if len(t.keys) == 0 {
		return nil, Device{}, t.last
	}
	p.tell(StepChoose, Device{})
	seen := time.Now()
	for ctx.Err() == nil && len(t.keys) > 0 {
		for n := range t.keys {
			touched, err := t.keys[n].chosen(turn)
			switch {
			case err != nil:
				t.drop(n)
			case touched:
				k, d := t.take(n)
				p.tell(StepFound, d)
				return k, d, nil
			default:
				continue
			}
			break
		}
		if time.Since(seen) > look {
			seen = time.Now()
			t.addNew(ctx, c)
		}
	}
	if ctx.Err() != nil {
		return nil, Device{}, interrupted(ctx, t.last, Device{})
	}
	return nil, Device{}, &Error{Code: Unplugged, cause: t.last}
}

// table is where several keys lie, all of them blinking.
type table struct {
	person  Person
	keys    []authenticator
	devices []Device
	last    error // why the last one is not there
}

func (t *table) add(ctx context.Context, d Device) error {
	k, err := open(ctx, d, t.person)
	if err != nil {
		return err
	}
	if err := k.beginChoice(); err != nil {
		k.close()
		return err
	}
	t.keys, t.devices = append(t.keys, k), append(t.devices, d)
	return nil
}

func (t *table) addNew(ctx context.Context, c Client) {
	all, err := c.Devices()
	if err != nil {
		return
	}
	for _, d := range all {
		if d.Permitted && !slices.ContainsFunc(t.devices, func(old Device) bool { return old.Path == d.Path }) {
			if err := t.add(ctx, d); err != nil {
				t.last = err
			}
		}
	}
}

func (t *table) take(n int) (authenticator, Device) {
	k, d := t.keys[n], t.devices[n]
	t.keys, t.devices = slices.Delete(t.keys, n, n+1), slices.Delete(t.devices, n, n+1)
	return k, d
}

func (t *table) drop(n int) {
	k, d := t.take(n)
	k.close()
	t.last = &Error{Code: Unplugged, Device: d}
}

func (t *table) closeOthers() {
	for _, k := range t.keys {
		k.close()
	}
}
