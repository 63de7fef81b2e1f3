package collectors

import (
	"regexp"
	"strings"

	"github.com/prometheus/procfs"
)

// A mount is a mounted file system, as its labels name it.
type mount struct {
	device, point, fsType string
	readOnly              bool
}

// selectMounts returns the mounts to read, each once: not what is excluded, nor
// what another mount on the same directory hides, whose figures statfs would
// give in its place.
func selectMounts(list []*procfs.MountInfo, excludePoints, excludeTypes *regexp.Regexp) []mount {
	pointOf := make(map[int]string, len(list))
	for _, info := range list {
		pointOf[info.MountID] = info.MountPoint
	}
	hidden := make(map[int]bool)
	for _, info := range list {
		if info.ParentID != info.MountID && pointOf[info.ParentID] == info.MountPoint {
			hidden[info.ParentID] = true
		}
	}

	var mounts []mount
	seen := make(map[[3]string]bool)
	for _, info := range list {
		m := mount{
			device:   info.Source,
			point:    unescapeMountPoint(info.MountPoint),
			fsType:   info.FSType,
			readOnly: isReadOnly(info),
		}
		labels := [3]string{m.device, m.point, m.fsType}
		if hidden[info.MountID] || seen[labels] ||
			excluded(excludePoints, m.point) || excluded(excludeTypes, m.fsType) {
			continue
		}
		seen[labels] = true
		mounts = append(mounts, m)
	}
	return mounts
}

// isReadOnly says what /proc/mounts does: either the mount or the file system.
func isReadOnly(info *procfs.MountInfo) bool {
	_, mount := info.Options["ro"]
	_, super := info.SuperOptions["ro"]
	return mount || super
}

// unescapeMountPoint undoes what the kernel does to space, tab, newline, hash
// and backslash in mountinfo: a backslash and three octal digits.
func unescapeMountPoint(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && isOctal(s[i+1:i+4]) {
			b.WriteByte((s[i+1]-'0')<<6 | (s[i+2]-'0')<<3 | (s[i+3] - '0'))
			i += 3
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// isOctal reports whether s is a byte in three octal digits.
func isOctal(s string) bool {
	return '0' <= s[0] && s[0] <= '3' && '0' <= s[1] && s[1] <= '7' && '0' <= s[2] && s[2] <= '7'
}
