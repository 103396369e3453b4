/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/tree.h"

#include <string.h>
#include <yaml.h>

#include "policy/limits.h"

struct builder {
	const struct source *s;
	struct node *root;
	struct node *open; /* the list or mapping that gets the next node */
	char *key;         /* read, its value not yet */
	struct position key_at;
	size_t nodes;
	unsigned int depth;
};

void tree_free(struct node *root)
{
	if (!root)
		return;
	for (size_t i = 0; i < root->count; i++)
		tree_free(root->items[i]);
	free(root->items);
	free(root->text);
	free(root->key);
	free(root);
}

size_t tree_count(const struct node *root)
{
	size_t sum = 1;

	for (size_t i = 0; i < root->count; i++)
		sum += tree_count(root->items[i]);
	return sum;
}

struct node *node_value(const struct node *map, const char *key)
{
	for (size_t i = 0; map->kind == NODE_MAP && i < map->count; i++) {
		if (strcmp(map->items[i]->key, key) == 0)
			return map->items[i];
	}
	return NULL;
}

static void write_node(const struct node *node, FILE *to)
{
	bool list = node->kind == NODE_LIST;

	if (node->kind == NODE_SCALAR) {
		fputs(node->text, to);
		return;
	}
	fputc(list ? '[' : '{', to);
	for (size_t i = 0; i < node->count; i++) {
		if (i)
			fputs(", ", to);
		if (node->items[i]->key)
			fprintf(to, "%s: ", node->items[i]->key);
		write_node(node->items[i], to);
	}
	fputc(list ? ']' : '}', to);
}

char *node_text(const struct node *node)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (to) {
		write_node(node, to);
		fclose(to);
	}
	return text ? text : xstrdup("");
}

static void builder_free(struct builder *b)
{
	tree_free(b->root);
	free(b->key);
}

static struct position position_of(yaml_mark_t mark)
{
	return (struct position){.line = mark.line + 1, .column = mark.column + 1};
}

/* The octet that a mark points at, or NUL. */
static char octet_at(const struct source *s, struct position at)
{
	const char *line = s->text, *end = s->text + s->size;

	for (uint32_t i = 1; line && i < at.line; i++) {
		line = memchr(line, '\n', end - line);
		if (line)
			line++;
	}
	if (!line)
		return '\0';
	for (uint32_t i = 1; i < at.column && line < end; i++) {
		do {
			line++;
		} while (line < end && (*line & 0xc0) == 0x80);
	}
	return line < end ? *line : '\0';
}

static const char *syntax_advice(const char *problem, char octet)
{
	if (octet == '\t')
		return "indent with spaces, not with tabs";
	if (octet == ':' && strstr(problem, "node content"))
		return "write a value that begins with ':' in quotes, as in \"::1\"";
	if (octet && strchr("@`%*&!|>{}[]", octet))
		return "write a value with this character in quotes, or check the brackets before "
		       "it";
	return "check indentation, brackets and quotes here and above";
}

static int syntax_error(const struct source *s, const yaml_parser_t *parser)
{
	const char *problem = parser->problem ? parser->problem : "out of memory";
	struct position at = position_of(parser->problem_mark);
	struct position from = position_of(parser->context_mark);
	const char *advice;

	if (parser->error == YAML_READER_ERROR)
		at = source_position(s, parser->problem_offset);
	advice = syntax_advice(problem, octet_at(s, at));
	if (parser->context && (from.line != at.line || from.column != at.column)) {
		return fail_at(s, at, "not valid YAML: %s %s from %u:%u on; %s", problem,
			       parser->context, from.line, from.column, advice);
	}
	return fail_at(s, at, "not valid YAML: %s; %s", problem, advice);
}

/* Puts *node, whose kind, position and text are set, into the tree, which then owns it. */
static int add(struct builder *b, struct node *node)
{
	node->parent = b->open;
	if (b->open) {
		node->key = take(b->key);
		node->key_at = b->key_at;
		append(b->open->items, b->open->count, node);
	} else {
		b->root = node;
	}
	if (++b->nodes > VALUES_MAX) {
		return fail_at(b->s, node->at,
			       "more than %u values; "
			       "write long lists into files of their own",
			       VALUES_MAX);
	}
	return 0;
}

static struct node *new_node(enum node_kind kind, struct position at)
{
	struct node *node = xcalloc(1, sizeof(*node));

	node->kind = kind;
	node->at = at;
	return node;
}

static bool wants_key(const struct builder *b)
{
	return b->open && b->open->kind == NODE_MAP && !b->key;
}

static int refuse_properties(const struct builder *b, struct position at, const void *anchor,
			     const void *tag)
{
	if (anchor)
		return fail_at(b->s, at, "anchors are not supported; write the value out");
	if (tag)
		return fail_at(b->s, at, "tags are not supported; write the value alone");
	return 0;
}

static int on_scalar(struct builder *b, const yaml_event_t *event)
{
	struct position at = position_of(event->start_mark);
	const char *text = (const char *)event->data.scalar.value;
	size_t size = event->data.scalar.length;
	struct node *node;

	if (refuse_properties(b, at, event->data.scalar.anchor, event->data.scalar.tag) < 0)
		return -1;
	for (size_t i = 0, n; i < size; i += n) {
		n = character_size(text + i, size - i);
		if (n == 0) {
			return fail_at(b->s, at,
				       "the value has a control character or a line end; "
				       "write it as plain text on one line");
		}
	}
	if (wants_key(b)) {
		b->key = xstrdup(text);
		b->key_at = at;
		return 0;
	}
	node = new_node(NODE_SCALAR, at);
	node->text = xstrdup(text);
	return add(b, node);
}

static int on_collection(struct builder *b, const yaml_event_t *event, enum node_kind kind)
{
	struct position at = position_of(event->start_mark);
	struct node *node;

	if (wants_key(b))
		return fail_at(b->s, at, "a key must be one word, not a list or a mapping");
	if (b->depth++ == DEPTH_MAX)
		return fail_at(b->s, at, "more than %u levels deep; a policy needs 6", DEPTH_MAX);
	node = new_node(kind, at);
	if (add(b, node) < 0)
		return -1;
	b->open = node;
	return 0;
}

static int on_event(struct builder *b, const yaml_event_t *event)
{
	struct position at = position_of(event->start_mark);

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->root)
			return fail_at(b->s, at,
				       "a second YAML document; a policy is one "
				       "document");
		return 0;
	case YAML_ALIAS_EVENT:
		return fail_at(b->s, at, "aliases are not supported; write the value out");
	case YAML_SCALAR_EVENT:
		return on_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
		if (refuse_properties(b, at, event->data.sequence_start.anchor,
				      event->data.sequence_start.tag) < 0)
			return -1;
		return on_collection(b, event, NODE_LIST);
	case YAML_MAPPING_START_EVENT:
		if (refuse_properties(b, at, event->data.mapping_start.anchor,
				      event->data.mapping_start.tag) < 0)
			return -1;
		return on_collection(b, event, NODE_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->open = b->open->parent;
		b->depth--;
		return 0;
	default:
		return 0;
	}
}

static int read_events(struct builder *b, yaml_parser_t *parser)
{
	bool ended = false;

	while (!ended) {
		cleanup(yaml_event_delete) yaml_event_t event;

		memset(&event, 0, sizeof(event));
		if (!yaml_parser_parse(parser, &event))
			return syntax_error(b->s, parser);
		ended = event.type == YAML_STREAM_END_EVENT;
		if (on_event(b, &event) < 0)
			return -1;
	}
	return 0;
}

struct node *tree_read(const struct source *s)
{
	cleanup(builder_free) struct builder b = {.s = s};
	cleanup(yaml_parser_delete) yaml_parser_t parser;

	if (!yaml_parser_initialize(&parser)) {
		fail(s->e, EXIT_POLICY, "%s: out of memory", s->name);
		return NULL;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)s->text, s->size);
	if (read_events(&b, &parser) < 0)
		return NULL;
	if (!b.root || (b.root->kind == NODE_SCALAR && !*b.root->text)) {
		fail_at(s, (struct position){1, 1},
			"the policy is empty; the smallest one is 'version: 1'");
		return NULL;
	}
	return take(b.root);
}
