//go:build cgo && (desktop || dev) && linux && !libfido2hid

#include <fido.h>
#include <stdint.h>
#include <stdlib.h>

#include "_cgo_export.h"

static void *report_open(const char *path) {
	return (void *)(uintptr_t)strtoull(path, NULL, 10);
}

static void report_close(void *handle) {
	(void)handle; /* Go opened it, and Go closes it */
}

static int report_read(void *handle, unsigned char *buf, size_t len, int ms) {
	return nativeRead((uintptr_t)handle, buf, len, ms);
}

static int report_write(void *handle, const unsigned char *buf, size_t len) {
	return nativeWrite((uintptr_t)handle, (unsigned char *)buf, len);
}

/* native_use_reports has libfido2 read and write through Go. */
int native_use_reports(fido_dev_t *dev) {
	static const fido_dev_io_t io = { report_open, report_close, report_read, report_write };
	return fido_dev_set_io_functions(dev, &io);
}
