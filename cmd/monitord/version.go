package main

import "runtime"

// versionWords is what `monitord version` prints: name, version, and with what
// and for what it was built.
func versionWords() []string {
	return []string{"monitord", version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
}
