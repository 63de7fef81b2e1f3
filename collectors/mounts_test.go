package collectors

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/procfs"
)

func info(id, parent int, device, point, fsType string, options ...string) *procfs.MountInfo {
	i := &procfs.MountInfo{MountID: id, ParentID: parent, Source: device, MountPoint: point, FSType: fsType,
		Options: map[string]string{}, SuperOptions: map[string]string{}}
	for _, o := range options {
		if super, ok := strings.CutPrefix(o, "super:"); ok {
			i.SuperOptions[super] = ""
		} else {
			i.Options[o] = ""
		}
	}
	return i
}

func TestSelectMounts(t *testing.T) {
	points, types := regexp.MustCompile("^/(dev|proc)($|/)"), regexp.MustCompile("^tmpfs$")
	tests := []struct {
		name string
		list []*procfs.MountInfo
		want []mount
	}{
		{"excluded by directory and by type",
			[]*procfs.MountInfo{info(1, 0, "/dev/sda1", "/", "ext4"), info(2, 1, "proc", "/proc", "proc"), info(3, 1, "none", "/tmp", "tmpfs")},
			[]mount{{"/dev/sda1", "/", "ext4", false}}},
		{"read-only as a mount or as a whole",
			[]*procfs.MountInfo{info(1, 0, "/dev/sda1", "/a", "ext4", "ro"), info(2, 0, "/dev/sda2", "/b", "ext4", "rw", "super:ro")},
			[]mount{{"/dev/sda1", "/a", "ext4", true}, {"/dev/sda2", "/b", "ext4", true}}},
		{"hidden by a mount over it",
			[]*procfs.MountInfo{info(1, 0, "/dev/sda1", "/a", "ext4"), info(2, 1, "/dev/sda2", "/a", "xfs")},
			[]mount{{"/dev/sda2", "/a", "xfs", false}}},
		{"hidden by one that is itself excluded",
			[]*procfs.MountInfo{info(1, 0, "/dev/sda1", "/a", "ext4"), info(2, 1, "none", "/a", "tmpfs")},
			nil},
		{"below, not over",
			[]*procfs.MountInfo{info(1, 1, "/dev/sda1", "/", "ext4"), info(2, 1, "/dev/sda2", "/a", "xfs")},
			[]mount{{"/dev/sda1", "/", "ext4", false}, {"/dev/sda2", "/a", "xfs", false}}},
		{"listed twice",
			[]*procfs.MountInfo{info(1, 0, "/dev/sda1", "/a", "ext4"), info(2, 0, "/dev/sda1", "/a", "ext4")},
			[]mount{{"/dev/sda1", "/a", "ext4", false}}},
		{"escaped",
			[]*procfs.MountInfo{info(1, 0, `//nas/my\040share`, `/mnt/my\040share`, "cifs")},
			[]mount{{`//nas/my\040share`, "/mnt/my share", "cifs", false}}},
	}
	for _, test := range tests {
		if got := selectMounts(test.list, points, types); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %+v", test.name, got)
		}
	}
	if got := selectMounts([]*procfs.MountInfo{info(1, 0, "proc", "/proc", "proc")}, nil, nil); len(got) != 1 {
		t.Errorf("without filters: got %+v", got)
	}
}

func TestUnescapeMountPoint(t *testing.T) {
	for in, want := range map[string]string{
		"/":            "/",
		`/a\040b`:      "/a b",
		`\011\012\134`: "\t\n\\",
		`/a\04`:        `/a\04`,
		`/a\`:          `/a\`,
		`/a\777`:       `/a\777`,
		`/a\0405`:      "/a 5",
		`/a\134040`:    `/a\040`,
		`/a\377`:       "/a\xff",
	} {
		if got := unescapeMountPoint(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

func FuzzUnescapeMountPoint(f *testing.F) {
	for _, seed := range []string{"/", `/a\040b`, `\`, `\0`, `\\\134`, `\888`} {
		f.Add(seed)
	}
	escape := strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, "#", `\043`, `\`, `\134`)
	f.Fuzz(func(t *testing.T, s string) {
		if got := unescapeMountPoint(escape.Replace(s)); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
		if got := unescapeMountPoint(s); len(got) > len(s) {
			t.Errorf("%q grew to %q", s, got)
		}
	})
}
