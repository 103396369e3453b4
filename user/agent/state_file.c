/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/state_file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sha256.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <zlib.h>

#include "agent/lines.h"
#include "base/fault.h"
#include "kernel/walk.h"
#include "policy/names.h"
#include "policy/prefix.h"

#define HEAD          "sipward-state 2"
#define HEAD_1        "sipward-state 1" /* its sum was SHA-256, which takes half of the time */
#define SIZE_MAX_FILE (2u << 30)        /* octets: more than the largest tables make */
#define FOREVER       "never"
#define AT_ONCE       (4 << 20) /* octets of one write() */

static const char *const grades[] = {
	[SW_GRADE_NONE] = "none",
	[SW_GRADE_PROVED] = "proved",
	[SW_GRADE_GOOD] = "good",
};

struct clocks clocks_now(void)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	return (struct clocks){
		.monotonic = monotonic_ns(),
		.wall = wall.tv_sec * SW_NS_PER_SEC + wall.tv_nsec,
	};
}

void saved_free(struct saved *saved)
{
	free(saved->known);
	free(saved->bans);
	memset(saved, 0, sizeof(*saved));
}

/* --- writing --- */

/* Seconds of the wall clock for a monotonic time, which may lie before the kernel's start. */
static uint64_t to_wall(struct clocks now, uint64_t time)
{
	return (now.wall - (now.monotonic - time)) / SW_NS_PER_SEC;
}

static void put_next(struct lines *out, uint64_t number)
{
	put_char(out, ' ');
	put_number(out, number);
}

static void write_known(struct lines *out, const struct known_entry *entry, struct clocks now)
{
	const struct sw_known *known = &entry->known;

	lines_room(out);
	put_text(out, "known ");
	put_addr(out, &entry->endpoint.addr);
	put_next(out, ntohs(entry->endpoint.port));
	put_next(out, known->vlan);
	put_next(out, known->ttl);
	put_char(out, ' ');
	put_text(out, grades[known->grade]);
	put_next(out, known->proofs);
	put_next(out, to_wall(now, known->since));
	put_next(out, to_wall(now, known->seen));
	put_char(out, '\n');
}

static void write_ban(struct lines *out, const struct ban_entry *entry, struct clocks now)
{
	const struct sw_ban *ban = &entry->ban;
	char note[sizeof(ban->note)];

	snprintf(note, sizeof(note), "%s", ban->note);
	for (char *c = note; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	lines_room(out);
	put_text(out, "ban ");
	put_prefix(out, &entry->source);
	put_char(out, ' ');
	put_text(out, reason_label(ban->reason).text);
	put_next(out, ban->flags);
	put_next(out, ban->evidence);
	put_next(out, ban->hits);
	put_next(out, to_wall(now, ban->start));
	if (ban->end == BAN_FOREVER)
		put_text(out, " " FOREVER);
	else
		put_next(out, to_wall(now, ban->end));
	put_char(out, ' ');
	put_text(out, note);
	put_char(out, '\n');
}

#define SUM_SIZE 80

/* The line at the end of the file: "crc32 SUM", with the line feed. It is for what a disk does, not
 * for who writes there: that may be root alone. */
static void sum_line(const char *text, size_t size, char line[SUM_SIZE])
{
	snprintf(line, SUM_SIZE, "crc32 %08lx\n", crc32_z(0, (const unsigned char *)text, size));
}

static void old_sum_line(const char *text, size_t size, char line[SUM_SIZE])
{
	SHA256_CTX hash;
	uint8_t digest[32];

	SHA256Init(&hash);
	SHA256Update(&hash, (const uint8_t *)text, size);
	SHA256Final(digest, &hash);
	strcpy(line, "sha256 ");
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(line + strlen("sha256 ") + 2 * i, 3, "%02x", digest[i]);
	strcat(line, "\n");
}

/* The whole text, owned by the caller; NULL and errno when there is no time for it. */
static char *render(const struct saved *saved, struct clocks now, size_t *size)
{
	cleanup(lines_free) struct lines out = {};
	char sum[SUM_SIZE];

	lines_room(&out);
	put_text(&out, HEAD "\nwritten ");
	put_number(&out, now.wall / SW_NS_PER_SEC);
	put_char(&out, '\n');
	for (size_t i = 0; i < saved->known_count && !walk_hurried(); i++)
		write_known(&out, &saved->known[i], now);
	for (size_t i = 0; i < saved->ban_count && !walk_hurried(); i++)
		write_ban(&out, &saved->bans[i], now);
	errno = EINTR;
	if (walk_hurried())
		return NULL;
	sum_line(out.text, out.size, sum);
	lines_room(&out);
	put_text(&out, sum);
	*size = out.size;
	return take(out.text);
}

static int write_all(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t done = write(fd, text, size < AT_ONCE ? size : AT_ONCE);

		if (walk_hurried()) {
			errno = EINTR;
			return -1;
		}
		if (done < 0 && errno != EINTR)
			return -1;
		if (done > 0)
			text += done, size -= done;
	}
	return fsync(fd);
}

/* The directory of the path, owned by the caller. */
static char *parent_of(const char *path)
{
	char *parent = xstrdup(path), *slash = strrchr(parent, '/');

	if (!slash)
		strcpy(parent, ".");
	else
		slash[slash == parent] = '\0';
	return parent;
}

static void make_parent(const char *path)
{
	auto_free char *parent = parent_of(path);

	mkdir(parent, 0700); /* an error shows when the file is made */
}

/* So that the new name is on the disk, too. Some file systems cannot; they do it when they will. */
static void sync_parent(const char *path)
{
	auto_free char *parent = parent_of(path);
	auto_fd int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		fsync(fd);
}

/* Each step of it; errno says why one failed. */
static int write_file(const char *fresh, const char *path, const char *text, size_t size)
{
	auto_fd int fd = -1;

	if (!text || fault_point("save: make the file", NULL) < 0 ||
	    (unlink(fresh) < 0 && errno != ENOENT))
		return -1;
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || fault_point("save: write the file", NULL) < 0 ||
	    write_all(fd, text, size) < 0 || fault_point("save: rename the file", NULL) < 0)
		return -1;
	return rename(fresh, path);
}

int state_file_write(const char *path, const struct saved *saved, struct clocks now,
		     struct error *e)
{
	auto_free char *fresh = xasprintf("%s.new", path), *text = NULL;
	size_t size = 0;

	text = render(saved, now, &size);
	make_parent(path);
	if (write_file(fresh, path, text, size) < 0) {
		fail(e, EXIT_FAILED, "%s: cannot be written: %s", fresh, strerror(errno));
		unlink(fresh);
		return -1;
	}
	sync_parent(path);
	return 0;
}

/* --- reading --- */

struct reading {
	struct clocks now;
	uint64_t known_for;
	struct saved *saved;
};

/* Undoes to_wall(). A time before the kernel's start wraps, as differences of times do. */
static uint64_t from_wall(struct clocks now, uint64_t seconds)
{
	return now.monotonic - (now.wall - seconds * SW_NS_PER_SEC);
}

static int read_known(struct reading *r, const char *line)
{
	struct known_entry entry = {};
	unsigned int port, vlan, ttl, proofs;
	uint64_t since, seen;
	char addr[64], grade[16];
	int used = 0;

	if (sscanf(line, "known %63s %u %u %u %15s %u %" SCNu64 " %" SCNu64 "%n", addr, &port,
		   &vlan, &ttl, grade, &proofs, &since, &seen, &used) != 8 ||
	    line[used] || addr_parse(addr, &entry.endpoint.addr) < 0 || port > UINT16_MAX ||
	    vlan > UINT16_MAX || ttl > UINT8_MAX)
		return -1;
	for (size_t i = SW_GRADE_PROVED; i < array_size(grades); i++)
		if (strcmp(grade, grades[i]) == 0)
			entry.known.grade = i;
	if (!entry.known.grade)
		return -1;
	entry.endpoint.port = htons(port);
	entry.endpoint.length = addr_is_ipv4(&entry.endpoint.addr) ? 32 : 128;
	entry.known.vlan = vlan;
	entry.known.ttl = ttl;
	entry.known.proofs = proofs;
	entry.known.since = from_wall(r->now, since);
	entry.known.seen = from_wall(r->now, seen);
	if ((int64_t)(r->now.monotonic - entry.known.seen) > (int64_t)r->known_for)
		r->saved->expired++;
	else
		append(r->saved->known, r->saved->known_count, entry);
	return 0;
}

static int read_ban(struct reading *r, const char *line)
{
	struct ban_entry entry = {};
	unsigned int flags, evidence;
	uint64_t hits, start, until;
	char source[64], reason[64], end[32];
	const char *why;
	int used = 0, number;

	if (sscanf(line, "ban %63s %63s %u %u %" SCNu64 " %" SCNu64 " %31s%n", source, reason,
		   &flags, &evidence, &hits, &start, end, &used) != 7 ||
	    line[used] != ' ' || strlen(line + used + 1) >= sizeof(entry.ban.note) ||
	    prefix_parse(source, &entry.source, &why) < 0 || flags > UINT16_MAX)
		return -1;
	/* One of a reason that this version does not know is still a ban. */
	number = reason_by_label(reason);
	entry.ban.reason = number >= 0 ? number : SW_REASON_BAN;
	entry.ban.flags = flags;
	entry.ban.evidence = evidence;
	entry.ban.hits = hits;
	entry.ban.start = from_wall(r->now, start);
	entry.ban.end = BAN_FOREVER;
	strcpy(entry.ban.note, line + used + 1);
	if (strcmp(end, FOREVER) != 0) {
		if (sscanf(end, "%" SCNu64 "%n", &until, &used) != 1 || end[used])
			return -1;
		entry.ban.end = from_wall(r->now, until);
		if (until * SW_NS_PER_SEC <= r->now.wall) {
			r->saved->expired++;
			return 0;
		}
	}
	append(r->saved->bans, r->saved->ban_count, entry);
	return 0;
}

static int read_line(struct reading *r, const char *line)
{
	if (strncmp(line, "known ", 6) == 0)
		return read_known(r, line);
	return strncmp(line, "ban ", 4) == 0 ? read_ban(r, line) : -1;
}

static int damaged(const char *path, const char *what, struct error *e)
{
	return fail(e, EXIT_FAILED, "%s: %s", path, what);
}

/* Cuts the checksum off the text; 0 when it is right. */
static int check_sum(char *text, size_t size)
{
	bool old = strncmp(text, HEAD_1 "\n", strlen(HEAD_1 "\n")) == 0;
	const size_t line = old ? strlen("sha256 ") + 64 + 1 : strlen("crc32 ") + 8 + 1;
	char sum[SUM_SIZE];

	if (strlen(text) != size || size < line)
		return -1;
	(old ? old_sum_line : sum_line)(text, size - line, sum);
	if (strcmp(text + size - line, sum) != 0)
		return -1;
	text[size - line] = '\0';
	return 0;
}

static int read_text(struct reading *r, const char *path, char *text, size_t size, struct error *e)
{
	auto_free char *what = NULL;
	unsigned int number = 2;
	uint64_t written;
	char *line, *next = text;

	if (strncmp(text, HEAD, strlen(HEAD) - 1) != 0)
		return damaged(path, "is not a saved state", e);
	if (strncmp(text, HEAD "\n", strlen(HEAD "\n")) != 0 &&
	    strncmp(text, HEAD_1 "\n", strlen(HEAD_1 "\n")) != 0)
		return damaged(path, "is of another version", e);
	if (check_sum(text, size) < 0)
		return damaged(path, "is damaged: its checksum is wrong", e);
	strsep(&next, "\n");
	line = strsep(&next, "\n");
	if (!line || !next || sscanf(line, "written %" SCNu64, &written) != 1)
		return damaged(path, "does not say when it was written", e);
	if (r->now.wall < written * SW_NS_PER_SEC)
		r->now.wall = written * SW_NS_PER_SEC;
	r->saved->age = r->now.wall - written * SW_NS_PER_SEC;
	while ((line = strsep(&next, "\n")) && (number++, *line)) {
		if (read_line(r, line) == 0)
			continue;
		what = xasprintf("this version does not know line %u", number);
		saved_free(r->saved);
		return damaged(path, what, e);
	}
	return 1;
}

/* The writer of this file decides which sources are admitted. */
static int check_owner(const char *path, struct error *e)
{
	struct stat st;

	if (lstat(path, &st) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 0;
		fail(e, EXIT_FAILED, "%s: %s", path, strerror(errno));
		return STATE_FILE_UNREAD;
	}
	if (!S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()) ||
	    (st.st_mode & 022))
		return damaged(path,
			       "could have been written by another user (it must belong to "
			       "root, and nobody else may write to it)",
			       e);
	return 1;
}

int state_file_read(const char *path, struct clocks now, uint64_t known_for, struct saved *saved,
		    struct error *e)
{
	struct reading r = {.now = now, .known_for = known_for, .saved = saved};
	auto_free char *text = NULL;
	int there = check_owner(path, e);
	size_t size;

	memset(saved, 0, sizeof(*saved));
	if (there <= 0)
		return there;
	text = read_whole_file(path, SIZE_MAX_FILE, &size, e);
	return text ? read_text(&r, path, text, size, e) : STATE_FILE_UNREAD;
}
