/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Makes a table of states from a grammar in ABNF (RFC 5234), for a reader that goes octet by octet:
 *
 *   abnf GRAMMAR PREFIX >TABLE
 *
 * Every rule that no other rule uses becomes an entry, PREFIX_<RULE>: the state to begin with. An
 * octet leads from a state to PREFIX_next[state + PREFIX_class[octet]]; a value matches when the
 * state behind its last octet is PREFIX_ACCEPT or more, and state 0 leads nowhere but to itself.
 * Whatever 16 bits a state is and whatever an octet, the place is within the table. Runs when
 * sipward is built, and needs nothing but a C library.
 *
 * Of the notation: names, "literals" in any case, %xNN, %xNN-NN, groups, options, repetitions,
 * alternatives, comments, lines that go on with white space. No rule may use itself.
 *
 * The way is the textbook's: each rule is written out into a nondeterministic automaton (a list
 * of edges), sets of its states become the states of a deterministic one, and those that nothing
 * tells apart become one.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RULES_MAX  128
#define DEPTH_MAX  32      /* of rules within rules */
#define EDGES_MAX  400000
#define SETS_MAX   20000   /* states before those that are alike are made one */
#define OFFSETS    65536   /* of 16 bits */
#define OCTETS     256

static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("abnf: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static void *room_for(size_t count, size_t size)
{
	void *room = calloc(count, size);

	if (!room)
		die("no memory");
	return room;
}

/* --- the rules, as they are written --- */

struct rule {
	char name[32];
	const char *text; /* behind the "=", up to the next rule */
	bool used;
	uint32_t entry;   /* state of the automaton under work, then of the table */
};

static struct rule rules[RULES_MAX];
static uint32_t rule_count;

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '-';
}

static size_t name_length(const char *at)
{
	size_t length = 0;

	if (isalpha((unsigned char)*at))
		while (is_name(at[length]))
			length++;
	return length;
}

static struct rule *find_rule(const char *at, size_t length)
{
	for (uint32_t i = 0; i < rule_count; i++)
		if (strlen(rules[i].name) == length && !strncasecmp(rules[i].name, at, length))
			return &rules[i];
	die("no rule %.*s", (int)length, at);
	return NULL;
}

/* Comments become white space; each rule ends where the next one begins. */
static void blank_comments(char *text)
{
	bool quoted = false, comment = false;

	for (; *text; text++) {
		if (*text == '\n')
			quoted = comment = false;
		else if (*text == '"' && !comment)
			quoted = !quoted;
		else if (*text == ';' && !quoted)
			comment = true;
		if (comment)
			*text = ' ';
	}
}

static void add_rule(char *line)
{
	size_t length = name_length(line);
	char *at = line + length;

	at += strspn(at, " \t");
	if (*at != '=' || length >= sizeof(rules[0].name) || rule_count == RULES_MAX)
		die("no rule, or too much: %.40s", line);
	memcpy(rules[rule_count].name, line, length);
	rules[rule_count++].text = at + 1;
}

/* A line that begins with white space goes on with the rule before. */
static void read_rules(char *text)
{
	char *line = text;

	blank_comments(text);
	while (line) {
		if (name_length(line)) {
			if (line > text)
				line[-1] = '\0';
			add_rule(line);
		}
		line = strchr(line, '\n');
		if (line)
			line++;
	}
}

/* --- the nondeterministic automaton --- */

struct edge {
	uint32_t from, to;
	uint8_t first, last; /* octets */
	bool free;           /* takes no octet */
};

struct part {
	uint32_t begin, end;
};

static struct edge *edges;
static uint32_t edge_count, node_count = 1;

static void connect(uint32_t from, uint32_t to, bool is_free, uint8_t first, uint8_t last)
{
	if (edge_count == EDGES_MAX)
		die("the grammar is too large");
	edges[edge_count++] = (struct edge){from, to, first, last, is_free};
}

static void follow(uint32_t from, uint32_t to)
{
	connect(from, to, true, 0, 0);
}

static struct part new_part(void)
{
	struct part p = {node_count, node_count + 1};

	node_count += 2;
	return p;
}

static const char *blanks(const char *at)
{
	return at + strspn(at, " \t\n");
}

static struct part read_alternatives(const char **text, uint32_t depth);

static struct part read_literal(const char **text)
{
	struct part p = {node_count, node_count};
	const char *at = *text + 1;

	node_count++;
	for (; *at && *at != '"'; at++) {
		uint32_t next = node_count++;
		unsigned char c = *at;

		connect(p.end, next, false, tolower(c), tolower(c));
		if (toupper(c) != tolower(c))
			connect(p.end, next, false, toupper(c), toupper(c));
		p.end = next;
	}
	if (*at != '"')
		die("a literal has no end: %.20s", *text);
	*text = at + 1;
	return p;
}

static struct part read_octets(const char **text)
{
	struct part p = new_part();
	char *at;
	unsigned long first = strtoul(*text + 2, &at, 16), last = first;

	if ((*text)[1] != 'x' || at == *text + 2)
		die("no octet: %.20s", *text);
	if (*at == '-')
		last = strtoul(at + 1, &at, 16);
	if (first > last || last > 255)
		die("no octets: %.20s", *text);
	connect(p.begin, p.end, false, first, last);
	*text = at;
	return p;
}

static struct part read_group(const char **text, uint32_t depth)
{
	char close = **text == '(' ? ')' : ']';
	struct part p;

	++*text;
	p = read_alternatives(text, depth);
	*text = blanks(*text);
	if (**text != close)
		die("no %c: %.20s", close, *text);
	++*text;
	if (close == ']')
		follow(p.begin, p.end);
	return p;
}

static struct part read_element(const char **text, uint32_t depth)
{
	size_t length = name_length(*text);
	struct rule *rule;
	const char *body;

	if (**text == '"')
		return read_literal(text);
	if (**text == '%')
		return read_octets(text);
	if (**text == '(' || **text == '[')
		return read_group(text, depth);
	if (!length)
		die("nothing that can stand here: %.20s", *text);
	rule = find_rule(*text, length);
	rule->used = true;
	if (depth == DEPTH_MAX)
		die("rule %s uses itself", rule->name);
	*text += length;
	body = rule->text;
	return read_alternatives(&body, depth + 1);
}

/* What is repeated is read once for each time that it must or may be there. */
static struct part read_repeated(const char **text, uint32_t depth)
{
	struct part p = new_part(), one;
	unsigned long least, most;
	const char *begin;
	char *at;
	uint32_t here = p.begin;

	least = most = strtoul(*text, &at, 10);
	if (at == *text)
		least = most = *at != '*';
	if (*at == '*') {
		const char *digits = at + 1;

		most = strtoul(digits, &at, 10);
		if (at == digits)
			most = 0; /* any number */
	}
	begin = at;
	for (unsigned long i = 0; i < (most ? most : least + 1); i++) {
		*text = begin;
		one = read_element(text, depth);
		follow(here, one.begin);
		if (i >= least)
			follow(here, p.end);
		if (!most && i == least)
			follow(one.end, one.begin);
		here = one.end;
	}
	follow(here, p.end);
	return p;
}

static struct part read_sequence(const char **text, uint32_t depth)
{
	struct part p = {node_count, node_count};

	node_count++;
	for (;;) {
		struct part next;

		*text = blanks(*text);
		if (!**text || strchr("/)]", **text))
			return p;
		next = read_repeated(text, depth);
		follow(p.end, next.begin);
		p.end = next.end;
	}
}

static struct part read_alternatives(const char **text, uint32_t depth)
{
	struct part p = new_part(), one;

	for (;;) {
		one = read_sequence(text, depth);
		follow(p.begin, one.begin);
		follow(one.end, p.end);
		if (**text != '/')
			return p;
		++*text;
	}
}

/* --- classes of octets: those that no edge tells apart --- */

static uint8_t class_of[256], member_of[OCTETS];
static uint32_t class_count = 1;

static void split_classes(uint8_t first, uint8_t last)
{
	uint32_t outside[OCTETS] = {}, fresh[OCTETS] = {};

	for (uint32_t c = 0; c < 256; c++)
		outside[class_of[c]] += c < first || c > last;
	for (uint32_t c = first; c <= last; c++) {
		uint8_t was = class_of[c];

		if (!outside[was])
			continue;
		if (!fresh[was]) {
			fresh[was] = class_count++;
		}
		class_of[c] = fresh[was];
	}
}

static void find_classes(void)
{
	for (uint32_t i = 0; i < edge_count; i++)
		if (!edges[i].free)
			split_classes(edges[i].first, edges[i].last);
	for (uint32_t c = 0; c < 256; c++)
		member_of[class_of[c]] = c;
}

/* --- the deterministic automaton: its states are sets of nodes --- */

struct set {
	uint32_t *nodes; /* those that lead on with an octet, and the last one, in order */
	uint32_t count;
	bool accepts;
	uint32_t next[OCTETS];
};

static struct set *sets; /* the first one is empty: it leads nowhere */
static uint32_t set_count;
static uint32_t *edges_of; /* by node: the first of its edges; and one more */
static uint32_t *marks, mark, *stack, *gathered, gathered_count;
static bool *is_last;

static int by_from(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

static int by_value(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void sort_edges(void)
{
	uint32_t at = 0;

	qsort(edges, edge_count, sizeof(*edges), by_from);
	for (uint32_t node = 0; node <= node_count; node++) {
		while (at < edge_count && edges[at].from < node)
			at++;
		edges_of[node] = at;
	}
}

/* Adds a node, and all that can be reached from it without an octet. */
static void gather(uint32_t node)
{
	uint32_t depth = 0;

	if (marks[node] == mark)
		return;
	marks[node] = mark;
	stack[depth++] = node;
	while (depth) {
		bool leads = false;

		node = stack[--depth];
		for (uint32_t i = edges_of[node]; i < edges_of[node + 1]; i++) {
			uint32_t to = edges[i].to;

			leads |= !edges[i].free;
			if (!edges[i].free || marks[to] == mark)
				continue;
			marks[to] = mark;
			stack[depth++] = to;
		}
		if (leads || is_last[node])
			gathered[gathered_count++] = node;
	}
}

static void begin_gathering(void)
{
	mark++;
	gathered_count = 0;
}

/* The number of the set of what was gathered. */
static uint32_t gathered_set(void)
{
	struct set *set;

	qsort(gathered, gathered_count, sizeof(*gathered), by_value);
	for (uint32_t i = 0; i < set_count; i++)
		if (sets[i].count == gathered_count &&
		    !memcmp(sets[i].nodes, gathered, gathered_count * sizeof(*gathered)))
			return i;
	if (set_count == SETS_MAX)
		die("the grammar has too many states");
	set = &sets[set_count];
	set->nodes = room_for(gathered_count + 1, sizeof(*gathered));
	set->count = gathered_count;
	memcpy(set->nodes, gathered, gathered_count * sizeof(*gathered));
	for (uint32_t i = 0; i < gathered_count; i++)
		set->accepts |= is_last[gathered[i]];
	return set_count++;
}

static uint32_t set_behind(const struct set *set, uint8_t octet)
{
	begin_gathering();
	for (uint32_t i = 0; i < set->count; i++) {
		uint32_t node = set->nodes[i];

		for (uint32_t j = edges_of[node]; j < edges_of[node + 1]; j++)
			if (!edges[j].free && edges[j].first <= octet && octet <= edges[j].last)
				gather(edges[j].to);
	}
	return gathered_set();
}

static void make_sets(void)
{
	begin_gathering();
	gathered_set();
	for (uint32_t i = 0; i < rule_count; i++) {
		if (rules[i].used)
			continue;
		begin_gathering();
		gather(rules[i].entry);
		rules[i].entry = gathered_set();
	}
	for (uint32_t i = 0; i < set_count; i++)
		for (uint32_t c = 0; c < class_count; c++)
			sets[i].next[c] = set_behind(&sets[i], member_of[c]);
}

/* --- states that nothing tells apart become one (Moore) --- */

static uint32_t *block_of, block_count;

static int by_next(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (block_of[x] != block_of[y])
		return block_of[x] < block_of[y] ? -1 : 1;
	for (uint32_t c = 0; c < class_count; c++) {
		uint32_t p = block_of[sets[x].next[c]], q = block_of[sets[y].next[c]];

		if (p != q)
			return p < q ? -1 : 1;
	}
	return 0;
}

/* Splits the blocks once; they stay in order: the one that leads nowhere is the first one, those
 * that accept come last. */
static void split_blocks(uint32_t *order, uint32_t *fresh)
{
	uint32_t block = 0;

	qsort(order, set_count, sizeof(*order), by_next);
	for (uint32_t i = 0; i < set_count; i++) {
		if (i && by_next(&order[i - 1], &order[i]))
			block++;
		fresh[order[i]] = block;
	}
	memcpy(block_of, fresh, set_count * sizeof(*fresh));
	block_count = block + 1;
}

static void make_blocks(void)
{
	uint32_t *order = room_for(set_count, sizeof(*order));
	uint32_t *fresh = room_for(set_count, sizeof(*fresh)), before;

	block_of = room_for(set_count, sizeof(*block_of));
	for (uint32_t i = 0; i < set_count; i++) {
		order[i] = i;
		block_of[i] = i ? 1 + sets[i].accepts : 0;
	}
	do {
		before = block_count;
		split_blocks(order, fresh);
	} while (block_count != before);
	free(order);
	free(fresh);
}

/* --- the table --- */

static void print_upper(const char *text)
{
	for (; *text; text++)
		putchar(*text == '-' ? '_' : toupper((unsigned char)*text));
}

static uint32_t row_of(uint32_t block)
{
	return block * class_count;
}

static void print_entries(const char *prefix)
{
	uint32_t accept = block_count;

	for (uint32_t i = 0; i < set_count; i++)
		if (sets[i].accepts && block_of[i] < accept)
			accept = block_of[i];
	printf("enum {\n\t");
	print_upper(prefix);
	printf("_ACCEPT = %u,\n", row_of(accept));
	for (uint32_t i = 0; i < rule_count; i++) {
		if (rules[i].used)
			continue;
		putchar('\t');
		print_upper(prefix);
		putchar('_');
		print_upper(rules[i].name);
		printf(" = %u,\n", row_of(block_of[rules[i].entry]));
	}
	printf("};\n");
}

static void print_next(const char *prefix)
{
	uint32_t *set_of = room_for(block_count, sizeof(*set_of));

	for (uint32_t i = 0; i < set_count; i++)
		set_of[block_of[i]] = i;
	printf("static const unsigned short %s_next[%d] = {\n", prefix, OFFSETS + OCTETS);
	for (uint32_t block = 0; block < block_count; block++) {
		for (uint32_t c = 0; c < class_count; c++)
			printf("%u,", row_of(block_of[sets[set_of[block]].next[c]]));
		printf("\n");
	}
	printf("};\n");
	free(set_of);
}

/* Octets that lead to the same state from every state become one class. */
static bool is_same_class(uint32_t a, uint32_t b)
{
	for (uint32_t i = 0; i < set_count; i++)
		if (block_of[sets[i].next[a]] != block_of[sets[i].next[b]])
			return false;
	return true;
}

static void join_classes(void)
{
	uint32_t count = 0, joined[OCTETS] = {};

	for (uint32_t c = 0; c < class_count; c++) {
		uint32_t d = 0;

		while (d < count && !is_same_class(c, d))
			d++;
		if (d == count) {
			for (uint32_t i = 0; i < set_count; i++)
				sets[i].next[d] = sets[i].next[c];
			count++;
		}
		joined[c] = d;
	}
	for (uint32_t c = 0; c < 256; c++)
		class_of[c] = joined[class_of[c]];
	class_count = count;
	if (block_count * class_count > OFFSETS)
		die("%u states by %u classes are more than %d offsets", block_count, class_count,
		    OFFSETS);
}

static void print_table(const char *prefix, const char *path)
{
	printf("/* SPDX-License-Identifier: GPL-2.0-only */\n");
	printf("/* Made from %s: change that. %u states, %u classes. */\n", path, block_count,
	       class_count);
	print_entries(prefix);
	printf("static const unsigned char %s_class[256] = {\n", prefix);
	for (uint32_t c = 0; c < 256; c++)
		printf("%s%u,%s", c % 16 ? "" : "\t", class_of[c], c % 16 == 15 ? "\n" : "");
	printf("};\n");
	print_next(prefix);
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = room_for(1, 1 << 20);

	if (!file || !fread(text, 1, (1 << 20) - 1, file))
		die("cannot read %s", path);
	fclose(file);
	return text;
}

/* Entries need an automaton each; which rules are entries shows when all have been read. */
static void make_edges(void)
{
	uint32_t *last = room_for(rule_count, sizeof(*last));

	edges = room_for(EDGES_MAX, sizeof(*edges));
	for (uint32_t i = 0; i < rule_count; i++) {
		const char *text = rules[i].text;

		read_alternatives(&text, 0);
		if (*text)
			die("rule %s: nothing that can stand here: %.20s", rules[i].name, text);
		edge_count = 0;
	}
	node_count = 1;
	for (uint32_t i = 0; i < rule_count; i++) {
		const char *text = rules[i].text;
		struct part p;

		if (rules[i].used)
			continue;
		p = read_alternatives(&text, 0);
		rules[i].entry = p.begin;
		last[i] = p.end;
	}
	edges_of = room_for(node_count + 2, sizeof(*edges_of));
	marks = room_for(node_count + 1, sizeof(*marks));
	stack = room_for(node_count + 1, sizeof(*stack));
	gathered = room_for(node_count + 1, sizeof(*gathered));
	is_last = room_for(node_count + 1, sizeof(*is_last));
	for (uint32_t i = 0; i < rule_count; i++)
		if (!rules[i].used)
			is_last[last[i]] = true;
	free(last);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		die("usage: abnf GRAMMAR PREFIX");
	read_rules(read_file(argv[1]));
	make_edges();
	find_classes();
	sort_edges();
	sets = room_for(SETS_MAX, sizeof(*sets));
	make_sets();
	make_blocks();
	join_classes();
	print_table(argv[2], argv[1]);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
