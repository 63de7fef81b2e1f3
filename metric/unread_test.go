package metric

import (
	"testing"

	"github.com/prometheus/prometheus/model/labels"
)

func TestUnread(t *testing.T) {
	u := Unread{Names: []string{"node_load1", "node_disk_*"}}
	for name, want := range map[string]bool{"node_load1": true, "node_load15": false, "node_disk_": true, "node_disk_io_now": true, "node_dis": false, "": false} {
		if u.Has(name) != want {
			t.Errorf("has %q is %v", name, !want)
		}
	}
	a := labels.FromStrings("mountpoint", "/a", "fstype", "ext4", "severity", "warning")
	for u, want := range map[string]bool{"": true, "/a": true, "/b": false} {
		of := Unread{Names: []string{"x"}}
		if u != "" {
			of.Labels = labels.FromStrings("fstype", "ext4", "mountpoint", u)
		}
		if of.Covers(a) != want {
			t.Errorf("%s covers %s is %v", of.Labels, a, !want)
		}
	}
	if (Unread{Labels: labels.FromStrings("mountpoint", "/a")}).Covers(labels.FromStrings("fstype", "ext4")) {
		t.Error("a sum over all mounts is taken for one that does not answer")
	}
}
