package defaults

import "embed"

// Files are the rule files, by name, without their tests.
//
//go:embed cpu.toml disk.toml filesystem.toml host.toml memory.toml monitord.toml network.toml
var Files embed.FS
