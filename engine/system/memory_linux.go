package system

import (
	"bufio"
	"bytes"
	"os"
	"path"
	"strconv"
	"strings"
)

// FreeMemory is the bytes this program can still use before the system or its
// control group ends it or begins to swap.
func FreeMemory() int64 { return freeMemory("/") }

// freeMemory is FreeMemory of a system whose files are below root.
func freeMemory(root string) int64 {
	free := int64(Unknown)
	if n, ok := field(path.Join(root, "proc/meminfo"), "MemAvailable:"); ok {
		free = n * 1024 // proc_meminfo(5) says kB and means KiB
	}
	groups, err := os.ReadFile(path.Join(root, "proc/self/cgroup"))
	if err != nil {
		return free
	}
	for line := range strings.Lines(string(groups)) {
		// hierarchy:controllers:path (cgroups(7)); version 2 has no controllers
		part := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(part) < 3 {
			continue
		}
		switch {
		case part[1] == "":
			free = min(free, left(path.Join(root, "sys/fs/cgroup"), part[2], "memory.max", "memory.current", "inactive_file"))
		case strings.Contains(","+part[1]+",", ",memory,"):
			free = min(free, left(path.Join(root, "sys/fs/cgroup/memory"), part[2], "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"))
		}
	}
	return max(0, free)
}

// left is what the strictest of a group and those it is in leaves. Pages of files
// that were not used lately count as free: the kernel drops them first.
func left(mount, group, limit, usage, droppable string) int64 {
	free := int64(Unknown)
	for {
		// inside a container the group's own path may not be there, but its root is
		dir := path.Join(mount, group)
		most, limited := number(path.Join(dir, limit))
		used, known := number(path.Join(dir, usage))
		if limited && known {
			files, _ := field(path.Join(dir, "memory.stat"), droppable)
			free = min(free, most-used+files)
		}
		if group == "/" || group == "." || group == "" {
			return free
		}
		group = path.Dir(group)
	}
}

// number reads a file that holds one; false for "max", which is no limit.
func number(file string) (int64, bool) {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	return n, err == nil
}

// field reads the number that follows name at the beginning of a line.
func field(file, name string) (int64, bool) {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) > 1 && words[0] == name {
			n, err := strconv.ParseInt(words[1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
