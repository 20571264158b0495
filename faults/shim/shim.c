/*
 * Stands between a process and the files of one SQLite database (LD_PRELOAD). It keeps a journal of everything that changes them, from which
 * the files can be made again as a disk would have them after a power cut, and when a control block says so it fails calls, gives back
 * other bytes than those that were read, or kills the process as soon as a sync is done.
 *
 *   FAULTS_DATABASE  absolute path of the database file; "-wal", "-journal" and "-shm" beside it are watched too
 *   FAULTS_JOURNAL   where the journal goes; none when unset
 *   FAULTS_CONTROL   a file of the size of `struct control`, mapped and shared with whoever arms it; no faults when unset
 *
 * What shim.py says of both formats has to be the same as here.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum file { NONE, DATABASE, WAL, ROLLBACK, SHM, DIRECTORY };
enum call { OPEN, READ, WRITE, SYNC, TRUNCATE, UNLINK, LOCK };
enum record { CREATED = 1, WRITTEN, TRUNCATED, SYNCED, SYNC_FAILED, UNLINKED };

/* Instead of an errno: a read gives back nonsense; a sync is done, and then the process is killed. */
enum { GARBLED = 1 << 16, KILLED };

/* Every file of the mask and every call of the mask fails with `error`, after the first `skip` and for `times`. */
struct control {
  uint32_t calls, files, skip, times, error, failed;
};

struct header {
  uint32_t record, file;
  uint64_t offset, size;
};

#define MAX_FDS 65536
/* The call itself, looked up once. */
#define REAL(name) \
  ({ \
    static __typeof__(&name) found; \
    if (found == NULL) found = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
    found; \
  })

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char files[MAX_FDS];
static char database[PATH_MAX], directory[PATH_MAX];
static size_t database_length;
static int journal = -1;
static struct control *control;

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("FAULTS_DATABASE");
  if (path == NULL || strlen(path) >= PATH_MAX) return;
  strcpy(database, path);
  strcpy(directory, path);
  char *slash = strrchr(directory, '/');
  if (slash != NULL) *slash = 0;
  database_length = strlen(database);
  const char *journal_path = getenv("FAULTS_JOURNAL");
  if (journal_path != NULL) journal = REAL(open64)(journal_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  const char *control_path = getenv("FAULTS_CONTROL");
  if (control_path == NULL) return;
  int fd = REAL(open64)(control_path, O_RDWR | O_CLOEXEC);
  void *mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped != MAP_FAILED) control = mapped;
  REAL(close)(fd);
}

static enum file file_of_path(const char *path) {
  if (database_length == 0 || path == NULL) return NONE;
  if (strcmp(path, directory) == 0) return DIRECTORY;
  if (strncmp(path, database, database_length) != 0) return NONE;
  const char *suffix = path + database_length;
  if (*suffix == 0) return DATABASE;
  if (strcmp(suffix, "-wal") == 0) return WAL;
  if (strcmp(suffix, "-journal") == 0) return ROLLBACK;
  if (strcmp(suffix, "-shm") == 0) return SHM;
  return NONE;
}

static enum file file_of(int fd) { return fd >= 0 && fd < MAX_FDS ? files[fd] : NONE; }

/* What is to become of this call, 0 for nothing. Only ever asked under the lock. */
static uint32_t fault(enum call call, enum file file) {
  if (control == NULL || (control->calls & 1u << call) == 0 || (control->files & 1u << file) == 0) return 0;
  if (control->skip > 0) {
    control->skip--;
    return 0;
  }
  if (control->times == 0) return 0;
  control->times--;
  control->failed++;
  return control->error;
}

/* Whether this call has to fail; errno says how. */
static int fails(enum call call, enum file file) {
  uint32_t error = fault(call, file);
  if (error != 0) errno = (int)error;
  return error != 0;
}

/* A disk that cannot be written to at all must not be taken for one that was: the process ends. */
static void append(const void *bytes, size_t size) {
  while (size > 0) {
    ssize_t written = REAL(write)(journal, bytes, size);
    if (written <= 0) _exit(99);
    bytes = (const char *)bytes + written;
    size -= (size_t)written;
  }
}

static void record(enum record kind, enum file file, uint64_t offset, uint64_t size, const void *bytes) {
  if (journal < 0 || file == SHM) return;
  int saved = errno;
  struct header header = {kind, file, offset, size};
  append(&header, sizeof header);
  if (bytes != NULL) append(bytes, size);
  errno = saved;
}

static int opened(int (*open_it)(int, const char *, int, mode_t), int at, const char *path, int flags, mode_t mode) {
  enum file file = file_of_path(path);
  if (file == NONE) return open_it(at, path, flags, mode);
  pthread_mutex_lock(&lock);
  int fd = -1;
  if (!fails(OPEN, file)) {
    int isNew = (flags & O_CREAT) != 0 && access(path, F_OK) != 0;
    fd = open_it(at, path, flags, mode);
    if (fd >= 0 && fd < MAX_FDS) files[fd] = (unsigned char)file;
    if (fd >= 0 && isNew) record(CREATED, file, 0, 0, NULL);
    if (fd >= 0 && !isNew && (flags & O_TRUNC) != 0) record(TRUNCATED, file, 0, 0, NULL);
  }
  pthread_mutex_unlock(&lock);
  return fd;
}

static int by_path(int at, const char *path, int flags, mode_t mode) {
  (void)at;
  return REAL(open64)(path, flags, mode);
}
static int by_directory(int at, const char *path, int flags, mode_t mode) { return REAL(openat64)(at, path, flags, mode); }

#define MODE_OF(flags, mode) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | __O_TMPFILE)) { \
    va_list rest; \
    va_start(rest, flags); \
    mode = va_arg(rest, mode_t); \
    va_end(rest); \
  }

int open(const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return opened(by_path, 0, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return opened(by_path, 0, path, flags, mode);
}
int openat(int at, const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return opened(by_directory, at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return opened(by_directory, at, path, flags, mode);
}

int close(int fd) {
  if (fd >= 0 && fd < MAX_FDS) files[fd] = NONE;
  return REAL(close)(fd);
}

/* offset < 0: at the descriptor's own position. */
static ssize_t written(int fd, const void *bytes, size_t size, off64_t offset) {
  enum file file = file_of(fd);
  if (file == NONE) return offset < 0 ? REAL(write)(fd, bytes, size) : REAL(pwrite64)(fd, bytes, size, offset);
  pthread_mutex_lock(&lock);
  ssize_t done = -1;
  if (!fails(WRITE, file)) {
    off64_t at = offset < 0 ? lseek64(fd, 0, SEEK_CUR) : offset;
    done = offset < 0 ? REAL(write)(fd, bytes, size) : REAL(pwrite64)(fd, bytes, size, offset);
    if (done > 0) record(WRITTEN, file, (uint64_t)at, (uint64_t)done, bytes);
  }
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t write(int fd, const void *bytes, size_t size) { return written(fd, bytes, size, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) { return written(fd, bytes, size, offset); }
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) { return written(fd, bytes, size, offset); }

/* Part by part, which a caller must expect of any writev: a short one ends it. */
static ssize_t written_parts(int fd, const struct iovec *parts, int count, off64_t offset) {
  ssize_t all = 0;
  for (int i = 0; i < count; i++) {
    ssize_t done = written(fd, parts[i].iov_base, parts[i].iov_len, offset < 0 ? -1 : offset + all);
    if (done < 0) return all > 0 ? all : -1;
    all += done;
    if ((size_t)done < parts[i].iov_len) break;
  }
  return all;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  return file_of(fd) == NONE ? REAL(writev)(fd, parts, count) : written_parts(fd, parts, count, -1);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  return file_of(fd) == NONE ? REAL(pwritev)(fd, parts, count, offset) : written_parts(fd, parts, count, offset);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  return file_of(fd) == NONE ? REAL(pwritev64)(fd, parts, count, offset) : written_parts(fd, parts, count, offset);
}

static ssize_t got(int fd, void *bytes, size_t size, off64_t offset) {
  enum file file = file_of(fd);
  uint32_t error = 0;
  if (file != NONE) {
    pthread_mutex_lock(&lock);
    error = fault(READ, file);
    pthread_mutex_unlock(&lock);
  }
  if (error != 0 && error != GARBLED) {
    errno = (int)error;
    return -1;
  }
  ssize_t done = offset < 0 ? REAL(read)(fd, bytes, size) : REAL(pread64)(fd, bytes, size, offset);
  /* No page of SQLite looks like this: it is always noticed. */
  if (error == GARBLED && done > 0) memset(bytes, 0xff, (size_t)done);
  return done;
}

ssize_t read(int fd, void *bytes, size_t size) { return got(fd, bytes, size, -1); }
ssize_t pread(int fd, void *bytes, size_t size, off_t offset) { return got(fd, bytes, size, offset); }
ssize_t pread64(int fd, void *bytes, size_t size, off64_t offset) { return got(fd, bytes, size, offset); }

static int truncated(int fd, off64_t size) {
  enum file file = file_of(fd);
  if (file == NONE) return REAL(ftruncate64)(fd, size);
  pthread_mutex_lock(&lock);
  int done = fails(TRUNCATE, file) ? -1 : REAL(ftruncate64)(fd, size);
  if (done == 0) record(TRUNCATED, file, (uint64_t)size, 0, NULL);
  pthread_mutex_unlock(&lock);
  return done;
}

int ftruncate(int fd, off_t size) { return truncated(fd, size); }
int ftruncate64(int fd, off64_t size) { return truncated(fd, size); }

/* The lock is held so that no write counts as synced that came later. A failed sync is told of: what it did not bring to the disk is lost. */
static int synced(int fd, int (*sync_it)(int)) {
  enum file file = file_of(fd);
  if (file == NONE) return sync_it(fd);
  pthread_mutex_lock(&lock);
  uint32_t error = fault(SYNC, file);
  int done = error == 0 || error == KILLED ? sync_it(fd) : -1;
  record(done == 0 ? SYNCED : SYNC_FAILED, file, 0, 0, NULL);
  if (error == KILLED) kill(getpid(), SIGKILL);
  if (error != 0) errno = (int)error;
  pthread_mutex_unlock(&lock);
  return done;
}

int fsync(int fd) { return synced(fd, REAL(fsync)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)); }

/* Only taking a lock can fail. The argument is passed on as the C library takes it. */
static int controlled(int (*control_it)(int, int, ...), int fd, int command, void *argument) {
  enum file file = file_of(fd);
  if (file != NONE && command == F_SETLK && ((struct flock *)argument)->l_type != F_UNLCK) {
    pthread_mutex_lock(&lock);
    int failing = fails(LOCK, file);
    pthread_mutex_unlock(&lock);
    if (failing) return -1;
  }
  return control_it(fd, command, argument);
}

#define CONTROL(name) \
  int name(int fd, int command, ...) { \
    va_list rest; \
    va_start(rest, command); \
    void *argument = va_arg(rest, void *); \
    va_end(rest); \
    return controlled(REAL(name), fd, command, argument); \
  }

CONTROL(fcntl)
CONTROL(fcntl64)

static int unlinked(int (*unlink_it)(int, const char *, int), int at, const char *path, int flags) {
  enum file file = file_of_path(path);
  if (file == NONE) return unlink_it(at, path, flags);
  pthread_mutex_lock(&lock);
  int done = fails(UNLINK, file) ? -1 : unlink_it(at, path, flags);
  if (done == 0) record(UNLINKED, file, 0, 0, NULL);
  pthread_mutex_unlock(&lock);
  return done;
}

static int unlink_path(int at, const char *path, int flags) {
  (void)at;
  (void)flags;
  return REAL(unlink)(path);
}
static int unlink_in(int at, const char *path, int flags) { return REAL(unlinkat)(at, path, flags); }

int unlink(const char *path) { return unlinked(unlink_path, 0, path, 0); }
int unlinkat(int at, const char *path, int flags) { return unlinked(unlink_in, at, path, flags); }

/* Nothing renames the files of a database. Should that change, the journal would be wrong: better to end. */
int rename(const char *from, const char *to) {
  if (journal >= 0 && (file_of_path(from) != NONE || file_of_path(to) != NONE)) _exit(98);
  return REAL(rename)(from, to);
}
