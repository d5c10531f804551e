package sqlite

import "io/fs"

// Windows keeps no mode bits; a profile's folders are private by their access
// lists.
func private(string, fs.FileInfo) error { return nil }

func companion(string, fs.FileInfo, fs.FileInfo) error { return nil }

func privateDir(string, fs.FileInfo) error { return nil }
