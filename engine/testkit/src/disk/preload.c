// Stands between a process and its disk, by LD_PRELOAD.
//
// In go the process's calls on files below DISK_ROOT, which are carried out as they are.
// Out comes a journal (DISK_JOURNAL) of what they did to files and folders, of every sync
// that was asked for and has ended, and of every byte that left by a socket, a pipe or
// the terminal: each in the order in which it took place. Records are written before the
// next one can take place; `journal.rs` reads them.
//
// DISK_FAULT=CALL:NTH:WHAT[:lasting] makes the n-th CALL below DISK_ROOT go wrong, or all
// from the n-th on; WHAT is EIO, ENOSPC, EMFILE, EINTR or `short`. As long as the file that DISK_FULL
// names is there, nothing below DISK_ROOT can grow. A call that goes past the C library is not
// seen; so the names in a folder are read anew whenever it is synced.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { ROOT = 1, CREATE, MKDIR, REMOVE, RENAME, WRITE, TRUNCATE, SYNC_FILE, SYNC_DIR, SYNCED, OUT, CALL, INJECTED };

struct record { uint32_t kind, length; uint64_t a, b; };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root, *full;
static size_t root_length;
static int journal = -1;
static uint64_t syncs;

static struct { char call[24]; long nth, seen; int error, brief, lasting, armed; } fault;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_send)(int, const void *, size_t, int);
static ssize_t (*real_sendto)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
static ssize_t (*real_sendmsg)(int, const struct msghdr *, int);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_sync_file_range)(int, off64_t, off64_t, unsigned);
static int (*real_renameat2)(int, const char *, int, const char *, unsigned);
static int (*real_mkdirat)(int, const char *, mode_t);
static int (*real_unlinkat)(int, const char *, int);

static void put(enum kind kind, uint64_t a, uint64_t b, const void *data, size_t length) {
    if (journal < 0) return;
    struct record record = { kind, (uint32_t)length, a, b };
    struct iovec parts[2] = { { &record, sizeof record }, { (void *)data, length } };
    size_t whole = sizeof record + length;
    int before = errno;
    if (real_writev(journal, parts, 2) != (ssize_t)whole) {
        static const char words[] = "the journal of the disk cannot be written\n";
        real_write(2, words, sizeof words - 1);
        _exit(97);
    }
    errno = before;
}

static int number_of(const char *name) {
    if (!strcmp(name, "EIO")) return EIO;
    if (!strcmp(name, "ENOSPC")) return ENOSPC;
    if (!strcmp(name, "EMFILE")) return EMFILE;
    if (!strcmp(name, "EINTR")) return EINTR;
    return 0;
}

static void read_fault(const char *text) {
    char what[24] = "", lasting[24] = "";
    if (sscanf(text, "%23[^:]:%ld:%23[^:]:%23s", fault.call, &fault.nth, what, lasting) < 3) return;
    fault.error = number_of(what);
    fault.brief = !strcmp(what, "short");
    fault.lasting = !strcmp(lasting, "lasting");
    fault.armed = 1;
}

__attribute__((constructor)) static void begin(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_writev = dlsym(RTLD_NEXT, "writev");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_send = dlsym(RTLD_NEXT, "send");
    real_sendto = dlsym(RTLD_NEXT, "sendto");
    real_sendmsg = dlsym(RTLD_NEXT, "sendmsg");
    real_openat = dlsym(RTLD_NEXT, "openat64");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_sync_file_range = dlsym(RTLD_NEXT, "sync_file_range");
    real_renameat2 = dlsym(RTLD_NEXT, "renameat2");
    real_mkdirat = dlsym(RTLD_NEXT, "mkdirat");
    real_unlinkat = dlsym(RTLD_NEXT, "unlinkat");
    const char *below = getenv("DISK_ROOT"), *to = getenv("DISK_JOURNAL"), *wrong = getenv("DISK_FAULT");
    full = getenv("DISK_FULL");
    struct stat found;
    if (!below || stat(below, &found)) return;
    root = strdup(below);
    root_length = strlen(root);
    if (to) journal = real_openat(AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (wrong) read_fault(wrong);
    put(ROOT, found.st_ino, 0, NULL, 0);
}

static int is_below(const char *path) {
    return root && !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

static int path_of_fd(int fd, char *path) {
    char link[48];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int before = errno;
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    errno = before;
    path[length < 0 ? 0 : length] = 0;
    return length > 0;
}

/// The whole path of `name` in the folder `at`; whether it is below the root.
static int locate(int at, const char *name, char *path) {
    if (!root || !name) return 0;
    if (name[0] == '/') {
        if (strlen(name) >= PATH_MAX) return 0;
        strcpy(path, name);
    } else {
        char folder[PATH_MAX];
        if (at == AT_FDCWD ? !getcwd(folder, sizeof folder) : !path_of_fd(at, folder)) return 0;
        if ((size_t)snprintf(path, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX) return 0;
    }
    return is_below(path);
}

static int fd_is_below(int fd, char *path) { return root && path_of_fd(fd, path) && is_below(path); }

static uint64_t inode_at(const char *path) {
    struct stat found;
    return lstat(path, &found) ? 0 : found.st_ino;
}

static uint64_t inode_of(int fd) {
    struct stat found;
    return fstat(fd, &found) ? 0 : found.st_ino;
}

/// The inode of the folder that holds `path`, and the name in it.
static uint64_t holder(const char *path, const char **name) {
    char folder[PATH_MAX];
    strcpy(folder, path);
    char *slash = strrchr(folder, '/');
    if (!slash) return 0;
    *slash = 0;
    *name = path + (slash - folder) + 1;
    return inode_at(folder);
}

/// Whether this call is to go wrong; a short write is told by `errno` being 0.
static int goes_wrong(const char *call, const char *path) {
    put(CALL, 0, 0, call, strlen(call));
    if (!fault.armed || strcmp(call, fault.call)) return 0;
    fault.seen++;
    if (fault.lasting ? fault.seen < fault.nth : fault.seen != fault.nth) return 0;
    put(INJECTED, fault.seen, fault.error, path, strlen(path));
    errno = fault.error;
    return 1;
}

static int is_full(void) {
    if (!full) return 0;
    int before = errno, there = faccessat(AT_FDCWD, full, F_OK, 0) == 0;
    errno = before;
    return there;
}

static int no_room(const char *path) {
    if (!is_full()) return 0;
    put(INJECTED, 0, ENOSPC, path, strlen(path));
    errno = ENOSPC;
    return 1;
}

static int grows(int fd, uint64_t end) {
    struct stat found;
    return !fstat(fd, &found) && end > (uint64_t)found.st_size;
}

// What leaves the process.

static int leaves(int fd) {
    char path[PATH_MAX];
    if (journal < 0 || fd == journal || !path_of_fd(fd, path)) return 0;
    return !strncmp(path, "socket:", 7) || fd == 1 || fd == 2;
}

static void note_out(int fd, const struct iovec *parts, int count) {
    char *data = NULL;
    size_t length = 0;
    for (int i = 0; i < count; i++) length += parts[i].iov_len;
    data = malloc(length ? length : 1);
    if (!data) _exit(97);
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        memcpy(data + at, parts[i].iov_base, parts[i].iov_len);
        at += parts[i].iov_len;
    }
    pthread_mutex_lock(&lock);
    put(OUT, fd, 0, data, length);
    pthread_mutex_unlock(&lock);
    free(data);
}

static void out(int fd, const void *data, size_t length) {
    struct iovec part = { (void *)data, length };
    if (leaves(fd)) note_out(fd, &part, 1);
}

ssize_t send(int fd, const void *data, size_t length, int flags) {
    out(fd, data, length);
    return real_send(fd, data, length, flags);
}

ssize_t sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *to, socklen_t size) {
    out(fd, data, length);
    return real_sendto(fd, data, length, flags, to, size);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    if (leaves(fd)) note_out(fd, message->msg_iov, (int)message->msg_iovlen);
    return real_sendmsg(fd, message, flags);
}

// Files.

static ssize_t change(int fd, const void *data, size_t length, off_t offset, const char *call, const char *path) {
    pthread_mutex_lock(&lock);
    ssize_t done = -1;
    int wrong = goes_wrong(call, path);
    if (wrong && fault.error) goto end;
    if (wrong && fault.brief && length > 1) length /= 2;
    int placed = !strcmp(call, "pwrite");
    if (!placed) {
        int flags = fcntl(fd, F_GETFL);
        offset = lseek(fd, 0, flags & O_APPEND ? SEEK_END : SEEK_CUR);
    }
    if (grows(fd, offset + length) && no_room(path)) goto end;
    done = placed ? real_pwrite(fd, data, length, offset) : real_write(fd, data, length);
    if (done > 0) put(WRITE, inode_of(fd), offset, data, done);
end:
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t write(int fd, const void *data, size_t length) {
    char path[PATH_MAX];
    if (fd_is_below(fd, path)) return change(fd, data, length, 0, "write", path);
    out(fd, data, length);
    return real_write(fd, data, length);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    char path[PATH_MAX];
    if (fd_is_below(fd, path)) {
        // One part after the other: the caller has to expect that less was written.
        for (int i = 0; i < count; i++)
            if (parts[i].iov_len) return change(fd, parts[i].iov_base, parts[i].iov_len, 0, "write", path);
        return 0;
    }
    if (leaves(fd)) note_out(fd, parts, count);
    return real_writev(fd, parts, count);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    char path[PATH_MAX];
    if (fd_is_below(fd, path)) return change(fd, data, length, offset, "pwrite", path);
    return real_pwrite(fd, data, length, offset);
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return pwrite64(fd, data, length, offset); }

// Whoever copies by the kernel alone is made to read and write.
ssize_t copy_file_range(int in, off64_t *from, int to, off64_t *at, size_t length, unsigned flags) {
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile64(int to, int in, off64_t *offset, size_t count) {
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile(int to, int in, off_t *offset, size_t count) { return sendfile64(to, in, offset, count); }

int ftruncate64(int fd, off64_t length) {
    char path[PATH_MAX];
    if (!fd_is_below(fd, path)) return real_ftruncate(fd, length);
    pthread_mutex_lock(&lock);
    int done = -1;
    if (!goes_wrong("ftruncate", path) && !(grows(fd, length) && no_room(path))) {
        done = real_ftruncate(fd, length);
        if (!done) put(TRUNCATE, inode_of(fd), length, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return done;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

// Syncs. What a file holds when it is asked for is what becomes durable when it has ended.

static void list(int fd, const char *path, uint64_t id) {
    size_t size = 1 << 20, length = 0;
    char *text = malloc(size);
    DIR *folder = opendir(path);
    if (!text || !folder) _exit(97);
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        struct stat found;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        if (fstatat(dirfd(folder), entry->d_name, &found, AT_SYMLINK_NOFOLLOW)) continue;
        length += snprintf(text + length, size - length, "%c %lu %s\n", S_ISDIR(found.st_mode) ? 'd' : 'f',
                           (unsigned long)found.st_ino, entry->d_name);
        if (length >= size) _exit(97);
    }
    closedir(folder);
    put(SYNC_DIR, id, inode_of(fd), text, length);
    free(text);
}

static int sync_with(int fd, const char *call, int (*real)(int), int data_only) {
    char path[PATH_MAX];
    if (!fd_is_below(fd, path)) return real(fd);
    struct stat found;
    fstat(fd, &found);
    pthread_mutex_lock(&lock);
    int wrong = goes_wrong(call, path);
    uint64_t id = ++syncs;
    if (!wrong) {
        if (S_ISDIR(found.st_mode)) list(fd, path, id);
        else put(SYNC_FILE, id, found.st_ino, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    if (wrong) return -1;
    int done = real(fd);
    pthread_mutex_lock(&lock);
    if (!done) put(SYNCED, id, data_only, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int fsync(int fd) { return sync_with(fd, "fsync", real_fsync, 0); }
int fdatasync(int fd) { return sync_with(fd, "fdatasync", real_fdatasync, 1); }

// It promises nothing about a power cut, so nothing becomes durable by it.
int sync_file_range(int fd, off64_t offset, off64_t length, unsigned flags) {
    char path[PATH_MAX];
    if (fd_is_below(fd, path)) {
        pthread_mutex_lock(&lock);
        int wrong = goes_wrong("sync_file_range", path);
        pthread_mutex_unlock(&lock);
        if (wrong) return -1;
    }
    return real_sync_file_range(fd, offset, length, flags);
}

// Names.

static int open_below(int at, const char *name, int flags, mode_t mode, const char *path) {
    pthread_mutex_lock(&lock);
    const char *last;
    int before = errno, made = (flags & O_CREAT) && !inode_at(path), fd = -1;
    errno = before;
    if (goes_wrong("open", path) || (made && no_room(path))) goto end;
    fd = real_openat(at, name, flags, mode);
    if (fd < 0) goto end;
    uint64_t folder = holder(path, &last);
    if (made) put(CREATE, folder, inode_of(fd), last, strlen(last));
    else if (flags & O_TRUNC) put(TRUNCATE, inode_of(fd), 0, NULL, 0);
end:
    pthread_mutex_unlock(&lock);
    return fd;
}

static int open_any(int at, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    if (!real_openat) real_openat = dlsym(RTLD_NEXT, "openat64");
    if ((flags & O_TMPFILE) == O_TMPFILE || !locate(at, name, path)) return real_openat(at, name, flags, mode);
    return open_below(at, name, flags, mode, path);
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list more; \
        va_start(more, flags); \
        mode = va_arg(more, mode_t); \
        va_end(more); \
    }

int open64(const char *name, int flags, ...) { MODE(flags) return open_any(AT_FDCWD, name, flags, mode); }
int open(const char *name, int flags, ...) { MODE(flags) return open_any(AT_FDCWD, name, flags, mode); }
int openat64(int at, const char *name, int flags, ...) { MODE(flags) return open_any(at, name, flags, mode); }
int openat(int at, const char *name, int flags, ...) { MODE(flags) return open_any(at, name, flags, mode); }

int mkdirat(int at, const char *name, mode_t mode) {
    char path[PATH_MAX];
    if (!locate(at, name, path)) return real_mkdirat(at, name, mode);
    pthread_mutex_lock(&lock);
    const char *last;
    int done = -1;
    if (!goes_wrong("mkdir", path) && !(!inode_at(path) && no_room(path))) {
        done = real_mkdirat(at, name, mode);
        if (!done) {
            uint64_t folder = holder(path, &last);
            put(MKDIR, folder, inode_at(path), last, strlen(last));
        }
    }
    pthread_mutex_unlock(&lock);
    return done;
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

int unlinkat(int at, const char *name, int flags) {
    char path[PATH_MAX];
    if (!locate(at, name, path)) return real_unlinkat(at, name, flags);
    pthread_mutex_lock(&lock);
    const char *last;
    int done = -1;
    if (!goes_wrong("unlink", path)) {
        uint64_t folder = holder(path, &last);
        done = real_unlinkat(at, name, flags);
        if (!done) put(REMOVE, folder, 0, last, strlen(last));
    }
    pthread_mutex_unlock(&lock);
    return done;
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    char old[PATH_MAX], new[PATH_MAX], names[2 * NAME_MAX + 2];
    if (!locate(from_at, from, old) || !locate(to_at, to, new)) return real_renameat2(from_at, from, to_at, to, flags);
    pthread_mutex_lock(&lock);
    const char *left, *right;
    int done = -1;
    if (!goes_wrong("rename", new)) {
        uint64_t source = holder(old, &left), target = holder(new, &right);
        done = real_renameat2(from_at, from, to_at, to, flags);
        int length = snprintf(names, sizeof names, "%s/%s", left, right);
        if (!done) put(RENAME, source, target, names, length);
    }
    pthread_mutex_unlock(&lock);
    return done;
}
int renameat(int from_at, const char *from, int to_at, const char *to) { return renameat2(from_at, from, to_at, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }
