//go:build cgo && (desktop || dev) && (linux || darwin)

package native

/*
#include <fido.h>
*/
import "C"

import (
	"slices"
	"strings"
)

// devices are the keys that libfido2 may open, and those that it may not.
func devices() ([]Device, error) {
	list := C.fido_dev_info_new(mostDevices)
	if list == nil {
		return nil, &Error{Code: Failed, cause: status(C.FIDO_ERR_INTERNAL)}
	}
	defer C.fido_dev_info_free(&list, mostDevices)
	var found C.size_t
	if r := C.fido_dev_info_manifest(list, mostDevices, &found); r != C.FIDO_OK {
		return nil, &Error{Code: Failed, cause: status(r)}
	}
	all := []Device{}
	for n := range found {
		d := C.fido_dev_info_ptr(list, n)
		maker, product := C.GoString(C.fido_dev_info_manufacturer_string(d)), C.GoString(C.fido_dev_info_product_string(d))
		if !strings.HasPrefix(product, maker) {
			product = maker + " " + product
		}
		all = append(all, Device{
			Path: C.GoString(C.fido_dev_info_path(d)), Name: strings.TrimSpace(product),
			Vendor: uint16(C.fido_dev_info_vendor(d)), Product: uint16(C.fido_dev_info_product(d)), Permitted: true,
		})
	}
	for _, d := range barred("/sys/class/hidraw", "/dev") {
		if !slices.ContainsFunc(all, func(other Device) bool { return other.Path == d.Path }) {
			all = append(all, d)
		}
	}
	return all, nil
}
