/* Has forces fail as on a disk that is broken, while a file exists whose name is in FAIL_FORCES_WHILE. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int force(const char *name, int fd) {
	const char *trigger = getenv("FAIL_FORCES_WHILE");
	if (trigger != NULL && access(trigger, F_OK) == 0) {
		errno = EIO;
		return -1;
	}
	return ((int (*)(int)) dlsym(RTLD_NEXT, name))(fd);
}

int fsync(int fd) {
	return force("fsync", fd);
}

int fdatasync(int fd) {
	return force("fdatasync", fd);
}
