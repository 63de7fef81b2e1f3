// Package config reads monitord.toml and the rules: the daemon, a reload and `check`
// ask it alike, and get all of a configuration or every fault of it.
//
// The life of a configuration (Source.Load):
//
//  1. The file is read within a bound and parsed. A syntax error ends it here: what
//     follows it cannot be told.
//  2. It is moved onto the struct over the defaults (Document). Keys are found by the
//     tags of the structs, whose packages own them, their defaults and their
//     validation. An unknown key is a fault, with the nearest known one.
//  3. Variables of the environment are moved over that by the same decoder, then the
//     flags.
//  4. The rules are gathered: those of the file, those of the rule files, and the
//     default ones that nobody has replaced or switched off. They are compiled.
//  5. Everything is validated.
//  6. What was found wrong in 2 to 5 is returned together: each fault with its file,
//     its line (or the variable that it stands in), the key, what is wrong and what
//     to do.
//
// A configuration is not changed once it is loaded. WriteEffective prints one as it
// would be read again, NeedRestart tells which keys differ that cannot be changed
// while the daemon runs.
//
// Files with unit tests of rules are no configuration, but written and decoded like
// one: Decode serves both.
//
// Not promised: that what a configuration names outside of it (addresses, programs,
// servers) is there. Files with secrets, certificates and rules are read.
package config
