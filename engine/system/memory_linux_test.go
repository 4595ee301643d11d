package system

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFreeMemory(t *testing.T) {
	const meminfo = "MemTotal:  100 kB\nMemFree: 10 kB\nMemAvailable:   2000 kB\n"
	for _, test := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"nothing known", nil, Unknown},
		{"no groups", map[string]string{"proc/meminfo": meminfo}, 2000 << 10},
		{"no limit", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a\n",
			"sys/fs/cgroup/a/memory.max": "max\n", "sys/fs/cgroup/a/memory.current": "5\n",
		}, 2000 << 10},
		{"version 2", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "100000\n", "sys/fs/cgroup/a/b/memory.current": "70000\n",
			"sys/fs/cgroup/a/b/memory.stat": "anon 1\nactive_file 7\ninactive_file 5000\n",
		}, 35000},
		{"an outer group is stricter", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "100000\n", "sys/fs/cgroup/a/b/memory.current": "70000\n",
			"sys/fs/cgroup/a/memory.max": "100000\n", "sys/fs/cgroup/a/memory.current": "90000\n",
		}, 10000},
		{"inside a container", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/outside/only\n",
			"sys/fs/cgroup/memory.max": "100000\n", "sys/fs/cgroup/memory.current": "70000\n",
		}, 30000},
		{"version 1", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "9:cpu:/\n4:memory:/x\n0::/\n",
			"sys/fs/cgroup/memory/x/memory.limit_in_bytes": "50000", "sys/fs/cgroup/memory/x/memory.usage_in_bytes": "40000",
			"sys/fs/cgroup/memory/x/memory.stat": "total_inactive_file 1000",
		}, 11000},
		{"more used than allowed", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n",
			"sys/fs/cgroup/memory.max": "10", "sys/fs/cgroup/memory.current": "20",
		}, 0},
	} {
		root := t.TempDir()
		for name, text := range test.files {
			file := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := freeMemory(root); got != test.want {
			t.Errorf("%s: %d bytes are free, want %d", test.name, got, test.want)
		}
	}
	if n := FreeMemory(); n < 1<<20 || n == Unknown {
		t.Errorf("this machine has %d bytes free", n)
	}
	if n := FreeDisk(t.TempDir()); n < 1<<20 || n == Unknown {
		t.Errorf("this machine's disk has %d bytes free", n)
	}
}
