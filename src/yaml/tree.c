/* libyaml's events -> a tree. What YAML can do beyond maps, lists and scalars is refused here,
 * once. */
#include "qw/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <yaml.h>

enum {
	TEXT_BYTES_MAX = 1 << 20,
	DEPTH_MAX = 32,
	KEYS_MAX = 1000, /* of one map: the search for duplicates is quadratic */
};

struct builder {
	yaml_parser_t parser;
	struct qw_arena *arena;
	struct yaml_problem *problem;
	struct yaml_node *root;
	struct yaml_node *open[DEPTH_MAX]; /* the collections we are inside of, outermost first */
	struct yaml_node *last[DEPTH_MAX]; /* their last child so far */
	size_t depth;
	const char *key; /* read, and waiting for its value */
	yaml_mark_t key_mark;
	bool done;
};

static int fail(struct builder *b, yaml_mark_t at, const char *fmt, ...) QW_PRINTF(3, 4);

static int fail(struct builder *b, yaml_mark_t at, const char *fmt, ...)
{
	va_list args;

	b->problem->line = (unsigned)at.line + 1;
	b->problem->column = (unsigned)at.column + 1;
	va_start(args, fmt);
	(void)vsnprintf(b->problem->text, sizeof(b->problem->text), fmt, args);
	va_end(args);
	return QW_E_CONFIG;
}

static int out_of_memory(struct builder *b, yaml_mark_t at)
{
	(void)fail(b, at, "out of memory");
	return QW_E_NOMEM;
}

static struct yaml_node *inside(const struct builder *b)
{
	return b->depth ? b->open[b->depth - 1] : NULL;
}

static bool expects_key(const struct builder *b)
{
	return inside(b) && inside(b)->kind == YAML_MAP && !b->key;
}

static int read_key(struct builder *b, const yaml_event_t *ev)
{
	const struct yaml_node *map = inside(b), *n;
	struct qw_bytes text = qw_bytes(ev->data.scalar.value, ev->data.scalar.length);

	if (text.n == 0 || text.n > 255 || memchr(text.p, 0, text.n))
		return fail(b, ev->start_mark, "a key must have 1 to 255 characters");
	for (n = map->first; n; n = n->next)
		if (qw_bytes_equal(qw_bytes_from(n->key), text))
			return fail(b, ev->start_mark,
				"the key \"%s\" stands here twice (first in line %u): remove one",
				n->key, n->key_line);
	if (map->count >= KEYS_MAX)
		return fail(b, ev->start_mark, "more than %d keys in one map", KEYS_MAX);
	b->key = qw_arena_strdup(b->arena, text);
	b->key_mark = ev->start_mark;
	return b->key ? 0 : out_of_memory(b, ev->start_mark);
}

/* A new node, hung into the collection we are inside of; b->key is used up. */
static int add_node(
	struct builder *b, enum yaml_kind kind, const yaml_event_t *ev, struct yaml_node **out)
{
	struct yaml_node *parent = inside(b), *n = qw_arena_alloc(b->arena, sizeof(*n));

	if (!n)
		return out_of_memory(b, ev->start_mark);
	n->kind = kind;
	n->line = (unsigned)ev->start_mark.line + 1;
	n->column = (unsigned)ev->start_mark.column + 1;
	*out = n;
	if (!parent) {
		b->root = n;
		return 0;
	}
	n->key = b->key;
	if (b->key) {
		n->key_line = (unsigned)b->key_mark.line + 1;
		n->key_column = (unsigned)b->key_mark.column + 1;
	}
	b->key = NULL;
	if (b->last[b->depth - 1])
		b->last[b->depth - 1]->next = n;
	else
		parent->first = n;
	b->last[b->depth - 1] = n;
	parent->count++;
	return 0;
}

static int open_collection(struct builder *b, enum yaml_kind kind, const yaml_event_t *ev)
{
	struct yaml_node *n;
	int err;

	if (expects_key(b))
		return fail(b, ev->start_mark, "a key must be plain text, not a list or a map");
	if (b->depth == DEPTH_MAX)
		return fail(b, ev->start_mark, "nested deeper than %d levels", DEPTH_MAX);
	err = add_node(b, kind, ev, &n);
	if (err)
		return err;
	b->open[b->depth] = n;
	b->last[b->depth++] = NULL;
	return 0;
}

static int on_scalar(struct builder *b, const yaml_event_t *ev)
{
	struct yaml_node *n;
	int err;

	if (expects_key(b))
		return read_key(b, ev);
	if (memchr(ev->data.scalar.value, 0, ev->data.scalar.length))
		return fail(b, ev->start_mark, "a NUL character is not allowed");
	err = add_node(b, YAML_SCALAR, ev, &n);
	if (err)
		return err;
	n->text =
		qw_arena_strdup(b->arena, qw_bytes(ev->data.scalar.value, ev->data.scalar.length));
	n->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return n->text ? 0 : out_of_memory(b, ev->start_mark);
}

static int refuse_decorations(struct builder *b, const yaml_event_t *ev, const yaml_char_t *anchor,
	const yaml_char_t *tag)
{
	if (anchor)
		return fail(b, ev->start_mark,
			"anchors (&name) are not allowed here: write the value out");
	if (tag)
		return fail(b, ev->start_mark, "tags (!type) are not allowed here: remove it");
	return 0;
}

static int on_document(struct builder *b, const yaml_event_t *ev)
{
	if (b->root)
		return fail(b, ev->start_mark,
			"a second document starts here (---): one file holds one document");
	if (ev->data.document_start.version_directive ||
		ev->data.document_start.tag_directives.start !=
			ev->data.document_start.tag_directives.end)
		return fail(b, ev->start_mark,
			"directives (%%YAML, %%TAG) are not allowed: remove the line");
	return 0;
}

static int on_event(struct builder *b, const yaml_event_t *ev)
{
	int err;

	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(b, ev);
	case YAML_ALIAS_EVENT:
		return fail(b, ev->start_mark,
			"aliases (*name) are not allowed here: write the value out, or quote the "
			"star");
	case YAML_SCALAR_EVENT:
		err = refuse_decorations(b, ev, ev->data.scalar.anchor, ev->data.scalar.tag);
		return err ? err : on_scalar(b, ev);
	case YAML_SEQUENCE_START_EVENT:
		err = refuse_decorations(
			b, ev, ev->data.sequence_start.anchor, ev->data.sequence_start.tag);
		return err ? err : open_collection(b, YAML_LIST, ev);
	case YAML_MAPPING_START_EVENT:
		err = refuse_decorations(
			b, ev, ev->data.mapping_start.anchor, ev->data.mapping_start.tag);
		return err ? err : open_collection(b, YAML_MAP, ev);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return 0;
	case YAML_STREAM_END_EVENT:
		b->done = true;
		return b->root ? 0 : fail(b, ev->start_mark, "the file is empty");
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	}
	return fail(b, ev->start_mark, "unknown YAML event");
}

static int syntax_error(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;

	if (p->error == YAML_MEMORY_ERROR)
		return out_of_memory(b, p->mark);
	return fail(b, p->problem_mark, "not valid YAML: %s%s%s",
		p->problem ? p->problem : "unreadable", p->context ? ", " : "",
		p->context ? p->context : "");
}

static int read_events(struct builder *b)
{
	int err = 0;

	while (!err && !b->done) {
		yaml_event_t ev;

		if (!yaml_parser_parse(&b->parser, &ev))
			return syntax_error(b);
		err = on_event(b, &ev);
		yaml_event_delete(&ev);
	}
	return err;
}

/* Where the first byte stands that is not text: libyaml would take UTF-16, and would say only an
 * offset. */
static int refuse_bytes(struct builder *b, struct qw_bytes text)
{
	yaml_mark_t at = {0};
	size_t good = 0, i;

	while (good < text.n && text.p[good] != 0 && text.p[good] < 0x80)
		good++;
	for (i = 0; i < good; i++) {
		at.line += text.p[i] == '\n';
		at.column = text.p[i] == '\n' ? 0 : at.column + 1;
	}
	return fail(b, at, "the file is not UTF-8 text (or holds a NUL), here or further on");
}

int yaml_read(struct qw_bytes text, struct qw_arena *arena, struct yaml_node **root,
	struct yaml_problem *problem)
{
	struct builder b = {.arena = arena, .problem = problem};
	yaml_mark_t start = {0};
	int err;

	*root = NULL;
	*problem = (struct yaml_problem){0};
	if (text.n > TEXT_BYTES_MAX)
		return fail(&b, start, "the file is larger than %d bytes", TEXT_BYTES_MAX);
	if (!qw_utf8_valid(text))
		return refuse_bytes(&b, text);
	if (!yaml_parser_initialize(&b.parser))
		return out_of_memory(&b, start);
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&b.parser, text.p ? text.p : (const unsigned char *)"", text.n);
	err = read_events(&b);
	yaml_parser_delete(&b.parser);
	if (!err)
		*root = b.root;
	return err;
}
