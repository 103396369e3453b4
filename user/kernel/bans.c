/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/bans.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sipward/offence.h>
#include <string.h>

#include "kernel/health.h"

/* How long one look for room in a full table may take. */
#define ROOM_TIME  2000000ull
/* A table without an ended ban is looked through again after this time, for shorter ones may have
 * come. */
#define ROOM_AGAIN (10 * SW_NS_PER_SEC)

void ban_source(const struct sw_addr *addr, struct sw_source *source)
{
	bool ipv6 = !addr_is_ipv4(addr);

	*source = (struct sw_source){.addr = *addr, .length = ipv6 ? 64 : 32};
	if (ipv6)
		memset(source->addr.octets + 8, 0, 8);
}

/* One source: an IPv4 address, an IPv6 /64 (a subscriber has a whole one). */
static int source_of(const struct prefix *addr, struct sw_source *key, struct error *e)
{
	if (addr->length != (addr->ipv6 ? 128 : 32) && !(addr->ipv6 && addr->length == 64))
		return fail(e, EXIT_USAGE,
			    "a ban is for one source (an IPv4 address, an IPv6 "
			    "address or its /64); write prefixes into lists: {deny: [...]} of the "
			    "policy");
	ban_source(&addr->addr, key);
	return 0;
}

static void source_prefix(const struct sw_source *key, struct prefix *prefix)
{
	memset(prefix, 0, sizeof(*prefix));
	prefix->addr = key->addr;
	prefix->length = key->length;
	prefix->ipv6 = !addr_is_ipv4(&key->addr);
}

static bool is_earned(const struct sw_ban *ban)
{
	return ban->reason != SW_REASON_BAN && ban->reason != SW_REASON_NONE;
}

static bool is_of_user(const struct sw_ban *ban)
{
	return ban->reason == SW_REASON_LOGIN_REFUSED;
}

static bool is_of_account(const struct sw_ban *ban)
{
	return ban->reason == SW_REASON_ACCOUNT_ATTACKED;
}

/* It stands under a username, or under one and a source. */
static bool is_named(const struct sw_ban *ban)
{
	return is_of_user(ban) || is_of_account(ban);
}

/* The note of both is the username. That of an account is shorter: a limit stands behind it. */
static int note_size(const struct sw_ban *ban)
{
	return is_of_account(ban) ? SW_LOGIN_NAME : (int)sizeof(ban->note);
}

static bool is_of_name(const struct sw_ban *ban, const char *user)
{
	return strncmp(user, ban->note, note_size(ban)) == 0;
}

static bool is_of_kind(const struct sw_ban *ban, enum ban_kind kind)
{
	return kind == BAN_EITHER || (kind == BAN_ALLOWS) == (ban->reason == SW_REASON_NONE);
}

/* JSON needs valid UTF-8, and a control octet would break a line of a list. */
void ban_copy_note(struct sw_ban *ban, const char *note)
{
	size_t room = is_of_account(ban) ? SW_LOGIN_NAME : sizeof(ban->note) - 1;
	size_t size = strnlen(note, room);

	while (size && ((unsigned char)note[size] & 0xc0) == 0x80)
		size--;
	for (size_t i = 0; i < size; i++)
		ban->note[i] = (unsigned char)note[i] < ' ' || note[i] == 0x7f ? ' ' : note[i];
	ban->note[size] = '\0';
}

int ban_check(const struct prefix *addr, struct error *e)
{
	struct sw_source key;

	return source_of(addr, &key, e);
}

int ban_put(const struct state *state, const struct ban_new *what, struct prefix *source,
	    struct error *e)
{
	struct sw_ban ban = {
		.start = monotonic_ns(),
		.end = what->end,
		.reason = what->kind == BAN_ALLOWS ? SW_REASON_NONE : SW_REASON_BAN,
	};
	struct sw_source key;

	if (source_of(&what->source, &key, e) < 0)
		return -1;
	ban_copy_note(&ban, what->note);
	if (state_write(state, STATE_BANS, &key, &ban, BPF_ANY) < 0)
		return fail(
			e, EXIT_FAILED,
			errno == E2BIG ?
				"the ban table is full; remove some bans, or raise tables: {bans: "
				"...}" :
				"the ban cannot be written: %s",
			strerror(errno));
	if (source)
		source_prefix(&key, source);
	return 0;
}

bool ban_has_entry(const struct state *state, const struct prefix *addr)
{
	struct sw_source key;
	struct sw_ban ban;

	return source_of(addr, &key, NULL) == 0 &&
	       bpf_map_lookup_elem(state->fds[STATE_BANS], &key, &ban) == 0;
}

bool ban_is_allowed(const struct state *state, const struct prefix *addr)
{
	struct sw_source key;
	struct sw_ban ban;

	return source_of(addr, &key, NULL) == 0 &&
	       bpf_map_lookup_elem(state->fds[STATE_BANS], &key, &ban) == 0 &&
	       ban.end > monotonic_ns() && is_of_kind(&ban, BAN_ALLOWS);
}

uint64_t ban_end(uint64_t duration)
{
	uint64_t end;

	return __builtin_add_overflow(monotonic_ns(), duration, &end) ? BAN_FOREVER : end;
}

static int add(const struct state *state, const struct prefix *addr, uint64_t duration,
	       const char *note, enum ban_kind kind, struct prefix *source, struct error *e)
{
	struct ban_new what = {.kind = kind, .source = *addr, .end = ban_end(duration)};

	snprintf(what.note, sizeof(what.note), "%s", note ? note : "");
	return ban_put(state, &what, source, e);
}

int ban_add(const struct state *state, const struct prefix *addr, uint64_t duration,
	    const char *note, struct prefix *source, struct error *e)
{
	return add(state, addr, duration, note, BAN_DENIES, source, e);
}

int allow_add(const struct state *state, const struct prefix *addr, uint64_t duration,
	      const char *note, struct prefix *source, struct error *e)
{
	return add(state, addr, duration, note, BAN_ALLOWS, source, e);
}

bool is_same_source(const struct sw_source *a, const struct sw_source *b)
{
	return a->length == b->length && memcmp(&a->addr, &b->addr, sizeof(a->addr)) == 0;
}

/* The usernames that are refused to a source, or one of them; or the accounts of this name. */
struct users {
	const struct state *state;
	struct sw_source source;
	bool accounts;
	const char *user;
	uint64_t now;
	size_t taken;
};

static bool take_user_off(const void *key, void *value, void *context)
{
	const struct sw_source *source = key;
	const struct sw_ban *ban = value;
	struct users *users = context;

	if (users->accounts ? !is_of_account(ban) :
			      !is_of_user(ban) || !is_same_source(source, &users->source))
		return true;
	if (ban->end > users->now && (!users->user || is_of_name(ban, users->user)) &&
	    state_write(users->state, STATE_BANS, source, NULL, BPF_ANY) == 0)
		users->taken++;
	return true;
}

static int take_users_off(const struct state *state, const struct sw_source *source,
			  const char *user, bool *found, struct error *e)
{
	struct users users = {
		.state = state, .source = *source, .user = user, .now = monotonic_ns()};

	if (map_walk(state->fds[STATE_BANS], take_user_off, &users, e) < 0)
		return -1;
	*found |= users.taken > 0;
	return 0;
}

int ban_del_user(const struct state *state, const struct prefix *addr, const char *user,
		 bool *found, struct error *e)
{
	struct sw_source key;

	*found = false;
	if (source_of(addr, &key, e) < 0)
		return -1;
	return take_users_off(state, &key, user, found, e);
}

int ban_del_account(const struct state *state, const char *user, bool *found, struct error *e)
{
	struct users users = {
		.state = state, .accounts = true, .user = user, .now = monotonic_ns()};

	if (map_walk(state->fds[STATE_BANS], take_user_off, &users, e) < 0)
		return -1;
	*found = users.taken > 0;
	return 0;
}

int ban_del(const struct state *state, const struct prefix *addr, enum ban_kind kind, bool *found,
	    struct error *e)
{
	struct sw_source key;
	struct sw_ban ban;

	if (source_of(addr, &key, e) < 0)
		return -1;
	*found = bpf_map_lookup_elem(state->fds[STATE_BANS], &key, &ban) == 0 &&
		 ban.end > monotonic_ns() && is_of_kind(&ban, kind);
	if (*found && state_write(state, STATE_BANS, &key, NULL, BPF_ANY) < 0)
		return fail(e, EXIT_FAILED, "the ban cannot be removed: %s", strerror(errno));
	return kind == BAN_ALLOWS ? 0 : take_users_off(state, &key, NULL, found, e);
}

struct gathering {
	struct ban_entry *bans;
	size_t count;
	uint64_t now;
	enum ban_kind kind;
	bool users;                   /* those that are refused, too */
	const struct sw_source *only; /* NULL: those of all sources */
};

static bool gather(const void *key, void *value, void *context)
{
	struct gathering *to = context;
	struct ban_entry entry = {.ban = *(const struct sw_ban *)value};

	if (to->only && !is_same_source(to->only, key))
		return true;
	if (entry.ban.end > to->now && is_of_kind(&entry.ban, to->kind) &&
	    (to->users || !is_named(&entry.ban))) {
		if (is_named(&entry.ban))
			snprintf(entry.user, sizeof(entry.user), "%.*s", note_size(&entry.ban),
				 entry.ban.note);
		entry.account = is_of_account(&entry.ban);
		entry.zone = entry.account ? ((const struct sw_source *)key)->zone : 0;
		/* Only one by hand has a note. */
		if (is_earned(&entry.ban))
			memset(entry.ban.note, 0, sizeof(entry.ban.note));
		source_prefix(key, &entry.source);
		append(to->bans, to->count, entry);
	}
	return true;
}

static int by_end(const void *a, const void *b)
{
	uint64_t x = ((const struct ban_entry *)a)->ban.end;
	uint64_t y = ((const struct ban_entry *)b)->ban.end;

	return (x > y) - (x < y);
}

static int gather_all(const struct state *state, enum ban_kind kind, bool users,
		      struct ban_entry **bans, size_t *count, struct error *e)
{
	struct gathering to = {.now = monotonic_ns(), .kind = kind, .users = users};

	if (map_walk(state->fds[STATE_BANS], gather, &to, e) < 0) {
		free(to.bans);
		return -1;
	}
	*bans = to.bans;
	*count = to.count;
	return 0;
}

int ban_list(const struct state *state, enum ban_kind kind, struct ban_entry **bans, size_t *count,
	     struct error *e)
{
	if (gather_all(state, kind, true, bans, count, e) < 0)
		return -1;
	if (*count)
		qsort(*bans, *count, sizeof(**bans), by_end);
	return 0;
}

int ban_list_source(const struct state *state, const struct sw_source *source,
		    struct ban_entry **bans, size_t *count, struct error *e)
{
	struct gathering to = {
		.now = monotonic_ns(), .kind = BAN_EITHER, .users = true, .only = source};

	if (map_walk(state->fds[STATE_BANS], gather, &to, e) < 0) {
		free(to.bans);
		return -1;
	}
	*bans = to.bans;
	*count = to.count;
	return 0;
}

int ban_list_unsorted(const struct state *state, struct ban_entry **bans, size_t *count,
		      struct error *e)
{
	return gather_all(state, BAN_EITHER, false, bans, count, e);
}

/* True when nothing hangs on the entry any more. */
static bool is_over(const struct sw_ban *ban, uint64_t now, uint64_t remembered)
{
	return ban->end <= now && (!is_earned(ban) || ban->end + remembered <= now);
}

struct flush {
	const struct state *state;
	enum ban_kind kind;
	uint64_t now;
	size_t taken;
	int error;
};

static bool flush_one(const void *key, void *value, void *context)
{
	const struct sw_ban *ban = value;
	struct flush *flush = context;

	if (!is_of_kind(ban, flush->kind))
		return true;
	if (state_write(flush->state, STATE_BANS, key, NULL, BPF_ANY) < 0) {
		flush->error = errno;
		return false;
	}
	flush->taken += ban->end > flush->now;
	return true;
}

int ban_flush(const struct state *state, enum ban_kind kind, size_t *taken, struct error *e)
{
	struct flush flush = {.state = state, .kind = kind, .now = monotonic_ns()};
	int done = map_walk(state->fds[STATE_BANS], flush_one, &flush, e);

	*taken = flush.taken;
	if (done == 0 && flush.error)
		return fail(e, EXIT_FAILED, "after %zu entries one cannot be removed: %s",
			    flush.taken, strerror(flush.error));
	return done;
}

struct sweep {
	struct ban_counts counts;
	uint64_t now;
	uint64_t remembered; /* how long ended ones are kept */
	int fd;
	uint64_t soonest; /* of those that stay: when the first one ends */
	uint64_t removed;
};

static void count_live(struct ban_counts *counts, const struct sw_ban *ban)
{
	counts->denies += is_of_kind(ban, BAN_DENIES);
	counts->allows += is_of_kind(ban, BAN_ALLOWS);
	counts->earned += is_earned(ban);
	counts->by_hand += is_of_kind(ban, BAN_DENIES) && !is_earned(ban);
}

static bool sweep(const void *key, void *value, void *context)
{
	struct sweep *to = context;
	const struct sw_ban *ban = value;
	struct sw_ban now_there;

	if (ban->end > to->now) {
		count_live(&to->counts, ban);
		if (ban->end < to->soonest)
			to->soonest = ban->end;
	} else if (!is_over(ban, to->now, to->remembered)) {
		to->counts.remembered++;
		/* Read again: it may have been renewed since the walk copied it. */
	} else if (bpf_map_lookup_elem(to->fd, key, &now_there) == 0 &&
		   is_over(&now_there, to->now, to->remembered)) {
		to->removed += bpf_map_delete_elem(to->fd, key) == 0;
	}
	return true;
}

int ban_sweep_counts(const struct state *state, struct ban_counts *counts, struct error *e)
{
	struct sweep to = {
		.now = monotonic_ns(), .remembered = BAN_REMEMBERED, .fd = state->fds[STATE_BANS]};

	if (map_walk(to.fd, sweep, &to, e) < 0)
		return -1;
	*counts = to.counts;
	return 0;
}

long ban_sweep(const struct state *state, struct error *e)
{
	struct ban_counts counts;

	return ban_sweep_counts(state, &counts, e) < 0 ? -1 : (long)counts.denies;
}

size_t ban_restore(const struct state *state, struct ban_entry *bans, size_t count)
{
	size_t done = 0;

	if (count)
		qsort(bans, count, sizeof(*bans), by_end);
	for (size_t i = count; i-- > 0;) {
		struct sw_source key;

		done += source_of(&bans[i].source, &key, NULL) == 0 &&
			state_write(state, STATE_BANS, &key, &bans[i].ban, BPF_NOEXIST) == 0;
	}
	return done;
}

uint64_t ban_length(const struct bans *bans, uint32_t before)
{
	uint64_t length = bans->duration;

	for (uint32_t i = 0; i < before && length < bans->max && bans->escalate > 1; i++)
		if (__builtin_mul_overflow(length, bans->escalate, &length))
			return bans->max;
	return length < bans->max ? length : bans->max;
}

/* Ended bans that are remembered make room for who is banned now: those that a look of bounded time
 * finds, from where the last look ended. A live one never does. */
static bool make_room(int fd, struct ban_room *room, uint64_t now)
{
	struct sweep to = {.now = now, .fd = fd, .soonest = UINT64_MAX};
	int ended;

	if (now < room->none_until)
		return false;
	if (!room->part.begun)
		room->soonest = UINT64_MAX;
	ended = map_walk_part(fd, &room->part, ROOM_TIME, sweep, &to, NULL);
	room->found += to.removed;
	if (to.soonest < room->soonest)
		room->soonest = to.soonest;
	if (ended < 0) /* the table is another one, perhaps */
		room->part = (struct walk_part){};
	else if (ended)
		room->none_until =
			room->soonest < now + ROOM_AGAIN ? room->soonest : now + ROOM_AGAIN;
	return to.removed > 0;
}

static enum ban_outcome write_ban(const struct state *state, const struct ban_order *order,
				  const struct sw_ban *ban, uint64_t now)
{
	struct ban_room anew = {};
	const struct sw_source *source = &order->source;

	/* Only where there is none: an entry that somebody wrote by hand meanwhile stays. */
	if (state_write(state, STATE_BANS, source, ban, BPF_NOEXIST) == 0)
		return BAN_MADE;
	if (errno == EEXIST)
		return BAN_THERE;
	if (!make_room(state->fds[STATE_BANS], order->room ? order->room : &anew, now))
		return BAN_FULL;
	if (state_write(state, STATE_BANS, source, ban, BPF_NOEXIST) == 0)
		return BAN_MADE;
	return errno == EEXIST ? BAN_THERE : BAN_FULL;
}

static void refused_until(struct sw_health *health, void *context)
{
	uint64_t end = *(const uint64_t *)context;

	if (health->refused_until < end)
		health->refused_until = end;
}

enum ban_outcome ban_sentence(const struct state *state, const struct ban_order *order,
			      uint64_t now, struct sw_ban *made)
{
	enum ban_outcome outcome;
	struct sw_ban last, ban = {
				    .start = now,
				    .reason = order->reason,
				    .evidence = order->evidence,
			    };
	int fd = state->fds[STATE_BANS];

	if (bpf_map_lookup_elem(fd, &order->source, &last) == 0) {
		if (last.end > now)
			return BAN_THERE;
		if (is_earned(&last) && !is_over(&last, now, BAN_REMEMBERED))
			ban.flags = last.flags + (last.flags < UINT16_MAX);
		/* Looked at again as it goes: it may have been made anew by hand. */
		if (bpf_map_lookup_and_delete_elem(fd, &order->source, &last) == 0 &&
		    last.end > now) {
			bpf_map_update_elem(fd, &order->source, &last, BPF_NOEXIST);
			return BAN_THERE;
		}
		if (state->resized[STATE_BANS] >= 0)
			bpf_map_delete_elem(state->resized[STATE_BANS], &order->source);
	}
	if (order->first)
		ban.flags = 0;
	if (__builtin_add_overflow(now, ban_length(order->bans, ban.flags), &ban.end))
		ban.end = BAN_FOREVER - 1;
	if (order->user)
		ban_copy_note(&ban, order->user);
	*made = ban;
	outcome = write_ban(state, order, &ban, now);
	/* Nobody looks for a username before it is said that some are refused. */
	if (outcome == BAN_MADE && order->user)
		health_change(state, refused_until, &ban.end);
	return outcome;
}
