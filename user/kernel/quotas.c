/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/quotas.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "kernel/walk.h"
#include "policy/model.h"

#define SORTED_AT_ONCE 16384 /* rows */

static uint64_t fill_cell(const struct state *state, uint32_t cell)
{
	uint64_t value = 0;

	bpf_map_lookup_elem(state->fds[STATE_KNOWN_FILL], &cell, &value);
	return value;
}

uint64_t known_entered(const struct state *state)
{
	return fill_cell(state, SW_KNOWN_ENTERED);
}

uint64_t known_filled(const struct state *state)
{
	int64_t filled = known_entered(state) - fill_cell(state, SW_KNOWN_LEFT);

	return filled > 0 ? filled : 0;
}

static void write_left(const struct state *state, uint64_t left)
{
	uint32_t cell = SW_KNOWN_LEFT;

	bpf_map_update_elem(state->fds[STATE_KNOWN_FILL], &cell, &left, BPF_ANY);
}

/* The key that an endpoint is counted under; false when it has none of that level. */
static bool quota_key(const struct sw_source *endpoint, uint32_t level, struct sw_source *key)
{
	static const uint8_t octets4[] = SW_QUOTA_OCTETS4, octets6[] = SW_QUOTA_OCTETS6;
	bool ipv4 = addr_is_ipv4(&endpoint->addr);
	uint32_t octets;

	if (ipv4 && level >= SW_QUOTA_LEVELS4)
		return false;
	octets = ipv4 ? octets4[level] : octets6[level];
	memset(key, 0, sizeof(*key));
	memcpy(key->addr.octets, endpoint->addr.octets, octets);
	key->length = ipv4 ? 8 * octets - 96 : 8 * octets;
	return true;
}

static int by_endpoint(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct sw_source));
}

/* Two runs that are sorted and stand one behind the other become one. */
static void merge(struct known_row *rows, size_t first, size_t middle, size_t end,
		  struct known_row *to)
{
	size_t left = first, right = middle;

	for (size_t i = first; i < end; i++) {
		bool take_left = left < middle &&
				 (right == end || by_endpoint(&rows[left], &rows[right]) <= 0);

		to[i] = rows[take_left ? left++ : right++];
	}
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* A million rows take the time that the agent has to end: qsort() could not be told to. False when
 * it was; then they are in no order. */
static bool sort_rows(struct known_row *rows, size_t count)
{
	auto_free struct known_row *other = xcalloc(count, sizeof(*other));
	struct known_row *from = rows, *to = other;

	for (size_t i = 0; i < count && !walk_hurried(); i += SORTED_AT_ONCE)
		qsort(rows + i, least(SORTED_AT_ONCE, count - i), sizeof(*rows), by_endpoint);
	for (size_t width = SORTED_AT_ONCE; width < count && !walk_hurried(); width *= 2) {
		struct known_row *sorted = to;

		for (size_t i = 0; i < count && !walk_hurried(); i += 2 * width)
			merge(from, i, least(i + width, count), least(i + 2 * width, count), to);
		to = from;
		from = sorted;
	}
	if (walk_hurried())
		return false;
	if (from != rows)
		memcpy(rows, from, count * sizeof(*rows));
	return true;
}

/* Rows that have one key stand together. Returns the end of those that begin at `first`. */
static size_t run_end(const struct known_row *rows, size_t count, size_t first, uint32_t level,
		      struct sw_source *key)
{
	size_t end = first + 1;
	struct sw_source other;

	if (!quota_key(&rows[first].endpoint, level, key))
		return end;
	while (end < count && quota_key(&rows[end].endpoint, level, &other) &&
	       memcmp(key, &other, sizeof(other)) == 0)
		end++;
	return end;
}

/* --- making room --- */

/* Of a run, those that may go. */
static size_t candidates(const struct known_row *rows, size_t first, size_t end)
{
	size_t count = 0;

	for (size_t i = first; i < end; i++)
		count += rows[i].old && !rows[i].served;
	return count;
}

/* How many go when no key keeps more than `most` of them beside those that must stay. */
static size_t above(const struct known_row *rows, size_t count, uint32_t level, size_t most)
{
	struct sw_source key;
	size_t sum = 0;

	for (size_t first = 0, end; first < count; first = end) {
		size_t may, over;

		end = run_end(rows, count, first, level, &key);
		over = end - first > most ? end - first - most : 0;
		may = over ? candidates(rows, first, end) : 0;
		sum += may < over ? may : over;
	}
	return sum;
}

/* The largest number that each may keep so that `excess` go; no less than what counts as few. */
static size_t level_to_keep(const struct known_row *rows, size_t count, uint32_t level,
			    size_t excess)
{
	size_t low = sw_quota_few(level), high = count;

	while (low < high) {
		if (walk_hurried())
			return count; /* keeps all */
		size_t middle = low + (high - low + 1) / 2;

		if (above(rows, count, level, middle) >= excess)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/* Takes an endpoint out, unless it was served since the walk. */
static bool take_out(const struct state *state, const struct known_row *row)
{
	int fd = state->fds[STATE_KNOWN];
	struct sw_known known;

	return bpf_map_lookup_elem(fd, &row->endpoint, &known) == 0 &&
	       known.grade < SW_GRADE_GOOD && bpf_map_delete_elem(fd, &row->endpoint) == 0;
}

static size_t trim_run(const struct state *state, struct known_row *rows, size_t first, size_t end,
		       size_t over)
{
	size_t went = 0;

	for (size_t i = first; i < end && went < over; i++) {
		if (!rows[i].old || rows[i].served || !take_out(state, &rows[i]))
			continue;
		rows[i].gone = 1;
		went++;
	}
	return went;
}

/* Of each key that has most, until `excess` are gone. */
static size_t trim(const struct state *state, struct known_row *rows, size_t *count, uint32_t level,
		   size_t excess)
{
	size_t keep = level_to_keep(rows, *count, level, excess), went = 0, left = 0;
	struct sw_source key;

	for (size_t first = 0, end; first < *count && went < excess; first = end) {
		size_t over;

		if (walk_hurried())
			break;

		end = run_end(rows, *count, first, level, &key);
		over = end - first > keep ? end - first - keep : 0;
		if (over > excess - went)
			over = excess - went;
		went += trim_run(state, rows, first, end, over);
	}
	for (size_t i = 0; i < *count; i++)
		if (!rows[i].gone)
			rows[left++] = rows[i];
	*count = left;
	return went;
}

size_t quotas_make_room(const struct state *state, struct known_row *rows, size_t *count)
{
	size_t half = state_entries(state, STATE_KNOWN) / 2, before = *count;

	if (!sort_rows(rows, *count))
		return 0;
	for (uint32_t level = 0; *count > half && level < SW_QUOTA_LEVELS; level++)
		trim(state, rows, count, level, *count - half);
	return before - *count;
}

/* --- counts --- */

struct forgetting {
	int fd;
	uint32_t round;
};

/* A key that this sweep did not count has no endpoint any more, or it came while it was counted:
 * then its count is kept until the next one. */
static bool forget(const void *key, void *value, void *context)
{
	const struct forgetting *what = context;
	struct sw_quota quota = *(const struct sw_quota *)value;

	if (quota.round == what->round)
		return true;
	if (quota.round) {
		bpf_map_delete_elem(what->fd, key);
		return true;
	}
	quota.round = what->round;
	bpf_map_update_elem(what->fd, key, &quota, BPF_EXIST);
	return true;
}

static size_t count_run(const struct known_row *rows, size_t first, size_t end, uint32_t level)
{
	size_t count = end - first;

	for (size_t i = first; i < end && level == SW_QUOTA_BLOCK; i++)
		count -= rows[i].served;
	return count;
}

int quotas_write(const struct state *state, const struct known_row *rows, size_t count,
		 uint64_t entered, struct error *e)
{
	struct forgetting forgetting = {
		.fd = state->fds[STATE_QUOTAS],
		.round = monotonic_ns() >> 10 | 1, /* another one than the last sweep's */
	};
	struct sw_source key;

	for (uint32_t level = 0; level < SW_QUOTA_LEVELS; level++) {
		for (size_t first = 0, end; first < count; first = end) {
			struct sw_quota quota = {.round = forgetting.round};

			if (walk_hurried())
				return fail(e, EXIT_FAILED, "the agent ends");
			end = run_end(rows, count, first, level, &key);
			quota.count = count_run(rows, first, end, level);
			if (quota.count && quota_key(&rows[first].endpoint, level, &key))
				bpf_map_update_elem(forgetting.fd, &key, &quota, BPF_ANY);
		}
	}
	write_left(state, entered - count);
	return map_walk(forgetting.fd, forget, &forgetting, e);
}

bool quotas_take(const struct state *state, const struct sw_source *endpoint, bool served)
{
	uint32_t size = state_entries(state, STATE_KNOWN);
	uint32_t levels = served ? SW_QUOTA_LEVELS4 : SW_QUOTA_LEVELS;
	struct sw_quota quotas[SW_QUOTA_LEVELS] = {};
	struct sw_source key;

	for (uint32_t level = 0; level < levels && quota_key(endpoint, level, &key); level++) {
		bpf_map_lookup_elem(state->fds[STATE_QUOTAS], &key, &quotas[level]);
		if (!sw_quota_admits(size, known_filled(state), served, level, quotas[level].count))
			return false;
	}
	for (uint32_t level = 0; level < levels && quota_key(endpoint, level, &key); level++) {
		quotas[level].count++;
		if (bpf_map_update_elem(state->fds[STATE_QUOTAS], &key, &quotas[level], BPF_ANY))
			return false;
	}
	write_left(state, fill_cell(state, SW_KNOWN_LEFT) - 1);
	return true;
}
