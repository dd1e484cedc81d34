/*
 * failing-disk: a disk that goes bad on command.
 *
 * An nbdkit plugin that serves a file and fails the requests which touch the ranges listed in a
 * second file. That list may be edited at any time: the next request obeys it. So a test, or a
 * person, can watch what a program does while blocks die under it.
 *
 *   nbdfuse DIR/disk.img --socket-activation \
 *     nbdkit --exit-with-parent cc failing-disk.c file=BACKING faults=FAULTS [size=64M] &
 *   losetup --find --show --direct-io=on DIR/disk.img     # where a block device is wanted
 *   fusermount3 -u DIR/disk.img                           # the end; nbdkit leaves with nbdfuse
 *
 * A line of FAULTS is one fault; `#` starts a comment:
 *
 *   START LENGTH MODE [errno=NAME] [delay=20ms] [times=N] [over=BYTES]
 *   all MODE ...
 *
 *   START, LENGTH   bytes: decimal, 0x hexadecimal, or with a suffix K, M or G
 *   MODE            r (reads fail), w (writes, trims and zeroes fail), f (flushes fail, wherever the range
 *                   is), or several of them: rw
 *   errno           EIO (the default), ENOSPC, ENOMEM, EPERM, ESHUTDOWN, or `none`: slow, but no error.
 *                   The NBD protocol can carry no other (ENODATA would arrive as EINVAL).
 *   delay           how long the disk thinks before it answers: us, ms or s
 *   times           the first N requests that touch the range fail, later ones succeed: a tired
 *                   sector that a retry still yields. Counted anew each time FAULTS is edited.
 *   over            only requests longer than this fail: a block whose single sectors can be saved
 *
 * The first line that touches a request decides. As on a real disk, the part of a failing write
 * that lies before the fault reaches the medium, and a fault does not erase what its range held.
 *
 * Replace FAULTS by writing a new file and renaming it over the old one, so that no request can
 * see half of it. A list that does not parse is reported on stderr and the last good one kept.
 */

#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>

#define THREAD_MODEL NBDKIT_THREAD_MODEL_PARALLEL

enum { READ = 1, WRITE = 2, FLUSH = 4 };

struct fault {
  uint64_t start, end; /* bytes; end is exclusive */
  int mode;            /* READ | WRITE | FLUSH */
  int error;           /* errno, or 0: only slow */
  uint64_t delay_us;
  uint64_t over;       /* requests of up to this many bytes are spared */
  bool wears_off;
  int64_t times; /* if it wears off: how often it still fails; counted down atomically, below 0 too */
};

static char *backing_path, *faults_path;
static int64_t wanted_size = -1;
static int backing = -1;

/* The list in force. Readers hold the lock shared; a changed file replaces the list under it. */
static pthread_rwlock_t faults_lock = PTHREAD_RWLOCK_INITIALIZER;
static struct fault *faults;
static size_t fault_count;
static struct stat faults_seen;

/* ---- the list of faults ---------------------------------------------------------------------- */

static bool parse_bytes(const char *text, uint64_t *bytes)
{
  char *rest;
  if (!isdigit((unsigned char) *text))
    return false;
  errno = 0;
  *bytes = strtoull(text, &rest, 0);
  int shift = 0;
  switch (toupper((unsigned char) *rest)) {
  case 'K': shift = 10; rest++; break;
  case 'M': shift = 20; rest++; break;
  case 'G': shift = 30; rest++; break;
  }
  if (errno || *rest || *bytes > (UINT64_MAX >> shift))
    return false;
  *bytes <<= shift;
  return true;
}

static bool parse_errno(const char *name, int *error)
{
  static const struct { const char *name; int error; } names[] = {
    { "none", 0 },          { "EIO", EIO },     { "ENOSPC", ENOSPC },
    { "ENOMEM", ENOMEM },   { "EPERM", EPERM }, { "ESHUTDOWN", ESHUTDOWN },
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(name, names[i].name)) {
      *error = names[i].error;
      return true;
    }
  return false;
}

static bool parse_option(const char *word, struct fault *fault)
{
  char unit[3];
  int used = 0;
  if (!strncmp(word, "errno=", 6))
    return parse_errno(word + 6, &fault->error);
  if (!strncmp(word, "over=", 5))
    return parse_bytes(word + 5, &fault->over);
  if (sscanf(word, "times=%" SCNd64 "%n", &fault->times, &used) == 1) {
    fault->wears_off = true;
    return !word[used] && fault->times >= 0;
  }
  if (sscanf(word, "delay=%" SCNu64 "%2[mus]%n", &fault->delay_us, unit, &used) == 2 && !word[used]) {
    uint64_t scale = !strcmp(unit, "us") ? 1 : !strcmp(unit, "ms") ? 1000 : !strcmp(unit, "s") ? 1000000 : 0;
    fault->delay_us *= scale;
    return scale != 0;
  }
  return false;
}

/* Returns 1 for a fault, 0 for an empty line, -1 for a line that makes no sense. */
static int parse_line(char *line, struct fault *fault)
{
  char *place = NULL;
  line[strcspn(line, "#\n")] = '\0';
  char *word = strtok_r(line, " \t\r", &place);
  if (!word)
    return 0;

  *fault = (struct fault) { .start = 0, .end = UINT64_MAX, .error = EIO };
  if (strcmp(word, "all") != 0) {
    uint64_t length;
    if (!parse_bytes(word, &fault->start))
      return -1;
    word = strtok_r(NULL, " \t\r", &place);
    if (!word || !parse_bytes(word, &length) || length > UINT64_MAX - fault->start)
      return -1;
    fault->end = fault->start + length;
  }

  word = strtok_r(NULL, " \t\r", &place);
  if (!word)
    return -1;
  if (word[strspn(word, "rwf")])
    return -1;
  fault->mode = (strchr(word, 'r') ? READ : 0) | (strchr(word, 'w') ? WRITE : 0) | (strchr(word, 'f') ? FLUSH : 0);

  while ((word = strtok_r(NULL, " \t\r", &place)))
    if (!parse_option(word, fault))
      return -1;
  return 1;
}

/* Reads the whole list into *list. On failure says why, and the caller keeps what it had. */
static bool read_faults(struct fault **list, size_t *count, struct stat *seen)
{
  FILE *file = fopen(faults_path, "re");
  if (!file || fstat(fileno(file), seen) == -1) {
    nbdkit_error("%s: %m", faults_path);
    if (file)
      fclose(file);
    return false;
  }
  char *line = NULL;
  size_t room = 0;
  int number = 0;
  bool good = true;
  *list = NULL;
  *count = 0;
  while (good && getline(&line, &room, file) != -1) {
    struct fault fault;
    number++;
    int found = parse_line(line, &fault);
    if (found < 0) {
      nbdkit_error("%s: line %d: expected START LENGTH r|w|f|rw [errno=NAME] [delay=20ms] [times=N] [over=BYTES]",
                   faults_path, number);
      good = false;
    } else if (found > 0) {
      struct fault *longer = realloc(*list, (*count + 1) * sizeof **list);
      good = longer != NULL;
      if (good) {
        *list = longer;
        (*list)[(*count)++] = fault;
      }
    }
  }
  free(line);
  fclose(file);
  if (!good)
    free(*list);
  return good;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
  return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec
         && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Takes over an edited list. The stat of each request is cheap beside the request's own I/O. */
static void refresh_faults(void)
{
  struct stat now;
  if (stat(faults_path, &now) == -1)
    return; /* Gone for the moment of a replacement: the last list still holds. */
  pthread_rwlock_rdlock(&faults_lock);
  bool current = same_file(&now, &faults_seen);
  pthread_rwlock_unlock(&faults_lock);
  if (current)
    return;

  pthread_rwlock_wrlock(&faults_lock);
  if (!same_file(&now, &faults_seen)) {
    struct fault *list;
    size_t count;
    struct stat seen = now;
    if (read_faults(&list, &count, &seen)) {
      free(faults);
      faults = list;
      fault_count = count;
    }
    faults_seen = seen; /* Also after a failure, so that it is reported once and not at every request. */
  }
  pthread_rwlock_unlock(&faults_lock);
}

/*
 * Decides the fate of one request: waits as long as the disk would, then returns 0 or an errno. A
 * failing request's *healthy bytes are those before the fault.
 */
static int meet_fault(int mode, uint64_t offset, uint32_t count, uint32_t *healthy)
{
  uint64_t delay_us = 0;
  int error = 0;

  refresh_faults();
  pthread_rwlock_rdlock(&faults_lock);
  for (size_t i = 0; i < fault_count; i++) {
    struct fault *fault = &faults[i];
    if (!(fault->mode & mode))
      continue;
    if (mode != FLUSH && (count <= fault->over || offset >= fault->end || offset + count <= fault->start))
      continue;
    if (fault->wears_off && __atomic_fetch_sub(&fault->times, 1, __ATOMIC_RELAXED) <= 0)
      continue; /* A later line may still apply. */
    delay_us = fault->delay_us;
    error = fault->error;
    *healthy = fault->start > offset ? fault->start - offset : 0;
    break;
  }
  pthread_rwlock_unlock(&faults_lock);

  if (delay_us) {
    struct timespec pause = { .tv_sec = delay_us / 1000000, .tv_nsec = delay_us % 1000000 * 1000 };
    while (nanosleep(&pause, &pause) == -1 && errno == EINTR)
      ;
  }
  return error;
}

/* ---- nbdkit's callbacks ---------------------------------------------------------------------- */

static int disk_config(const char *key, const char *value)
{
  if (!strcmp(key, "file"))
    return (backing_path = nbdkit_realpath(value)) ? 0 : -1;
  if (!strcmp(key, "faults"))
    return (faults_path = nbdkit_realpath(value)) ? 0 : -1;
  if (!strcmp(key, "size"))
    return (wanted_size = nbdkit_parse_size(value)) < 0 ? -1 : 0;
  nbdkit_error("unknown parameter '%s'", key);
  return -1;
}

static int disk_config_complete(void)
{
  if (backing_path && faults_path)
    return 0;
  nbdkit_error("both file=BACKING and faults=FAULTS are needed, and both must exist");
  return -1;
}

static int disk_get_ready(void)
{
  backing = open(backing_path, O_RDWR | O_CLOEXEC);
  if (backing == -1 || (wanted_size >= 0 && ftruncate(backing, wanted_size) == -1)) {
    nbdkit_error("%s: %m", backing_path);
    return -1;
  }
  return read_faults(&faults, &fault_count, &faults_seen) ? 0 : -1;
}

static void disk_unload(void)
{
  if (backing != -1)
    close(backing);
  free(faults);
  free(backing_path);
  free(faults_path);
}

static void *disk_open(int readonly)
{
  (void) readonly;
  return NBDKIT_HANDLE_NOT_NEEDED;
}

static int64_t disk_get_size(void *handle)
{
  (void) handle;
  return lseek(backing, 0, SEEK_END);
}

static int yes(void *handle)
{
  (void) handle;
  return 1;
}

static int native_fua(void *handle)
{
  (void) handle;
  return NBDKIT_FUA_NATIVE;
}

static int fail(int error)
{
  nbdkit_set_error(error);
  return -1;
}

static int read_fully(char *to, uint32_t count, uint64_t offset)
{
  while (count > 0) {
    ssize_t done = pread(backing, to, count, offset);
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return fail(done < 0 ? errno : EIO);
    to += done;
    count -= done;
    offset += done;
  }
  return 0;
}

static int write_fully(const char *from, uint32_t count, uint64_t offset)
{
  while (count > 0) {
    ssize_t done = pwrite(backing, from, count, offset);
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return fail(errno);
    from += done;
    count -= done;
    offset += done;
  }
  return 0;
}

static int disk_flush(void *handle, uint32_t flags)
{
  (void) handle;
  (void) flags;
  uint32_t healthy;
  int error = meet_fault(FLUSH, 0, 0, &healthy);
  if (error)
    return fail(error);
  return fdatasync(backing) == -1 ? fail(errno) : 0;
}

static int disk_pread(void *handle, void *to, uint32_t count, uint64_t offset, uint32_t flags)
{
  (void) handle;
  (void) flags;
  uint32_t healthy;
  int error = meet_fault(READ, offset, count, &healthy);
  return error ? fail(error) : read_fully(to, count, offset);
}

static int disk_pwrite(void *handle, const void *from, uint32_t count, uint64_t offset, uint32_t flags)
{
  uint32_t healthy;
  int error = meet_fault(WRITE, offset, count, &healthy);
  if (error) {
    write_fully(from, healthy, offset);
    return fail(error);
  }
  if (write_fully(from, count, offset) == -1)
    return -1;
  return flags & NBDKIT_FLAG_FUA ? disk_flush(handle, 0) : 0;
}

static int disk_clear(void *handle, uint32_t count, uint64_t offset, uint32_t flags, int how)
{
  uint32_t healthy;
  int error = meet_fault(WRITE, offset, count, &healthy);
  if (error)
    return fail(error);
  if (fallocate(backing, how | FALLOC_FL_KEEP_SIZE, offset, count) == -1)
    return fail(errno); /* EOPNOTSUPP makes nbdkit write zeroes instead. */
  return flags & NBDKIT_FLAG_FUA ? disk_flush(handle, 0) : 0;
}

static int disk_trim(void *handle, uint32_t count, uint64_t offset, uint32_t flags)
{
  return disk_clear(handle, count, offset, flags, FALLOC_FL_PUNCH_HOLE);
}

static int disk_zero(void *handle, uint32_t count, uint64_t offset, uint32_t flags)
{
  bool hole = flags & NBDKIT_FLAG_MAY_TRIM;
  return disk_clear(handle, count, offset, flags, hole ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE);
}

static struct nbdkit_plugin plugin = {
  .name = "failing-disk",
  .description = "a disk whose bad ranges are listed in a file that may be edited at any time",
  .config = disk_config,
  .config_complete = disk_config_complete,
  .config_help = "file=<BACKING>   (required) The file to serve.\n"
                 "faults=<FAULTS>  (required) Its bad ranges: START LENGTH r|w|rw a line.\n"
                 "size=<SIZE>      Make BACKING this large first.",
  .get_ready = disk_get_ready,
  .unload = disk_unload,
  .open = disk_open,
  .get_size = disk_get_size,
  .can_multi_conn = yes,
  .can_fua = native_fua,
  .pread = disk_pread,
  .pwrite = disk_pwrite,
  .flush = disk_flush,
  .trim = disk_trim,
  .zero = disk_zero,
};

NBDKIT_REGISTER_PLUGIN(plugin)
