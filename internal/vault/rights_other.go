//go:build !unix

package vault

import "io/fs"

// Windows has access control lists instead of permission bits, and Go makes the
// bits up from the read-only attribute, so that checking them would say nothing.
// A file below the user's profile, where key files go unless told otherwise, is
// open to that user, the system and administrators only. Elsewhere the lists are
// the business of whoever chose the place.

func checkFileRights(string, fs.FileInfo) error { return nil }

func checkDirRights(string) error { return nil }

func keepOwner(string, fs.FileInfo) error { return nil }

// syncDir does nothing: Windows cannot sync a directory, and NTFS journals names.
func syncDir(string) error { return nil }
