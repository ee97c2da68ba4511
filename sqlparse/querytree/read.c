/*
 * The text of a tree -> nodes. Driven by the version's table: at every place it is known what must come next, so nothing that
 * an identifier holds can be taken for anything but its text.
 */
#include "reader.h"

/* Frames of recursion, whatever the caller's limit is: some 200 bytes of stack each. */
enum { DEPTH_MAX = 4000 };

static int read_list(struct reader *r, struct qtree_value *out);
static int read_node(struct reader *r, struct qtree_value *out);

int reader_fail(struct reader *r, int err, const char *what)
{
	const char *problem = qw_arena_printf(r->arena, "byte %zu of the tree: %s", (size_t)(r->at - r->start), what);

	r->problem = problem ? problem : what;
	return err;
}

bool reader_skip(struct reader *r, const char *text, size_t n)
{
	if ((size_t)(r->end - r->at) < n || memcmp(r->at, text, n) != 0)
		return false;
	r->at += n;
	return true;
}

static int count_one(struct reader *r)
{
	r->nodes++;
	return r->nodes <= r->limits->nodes_max ? 0 : reader_fail(r, QW_E_LIMIT, "more nodes than the limit");
}

static int go_down(struct reader *r)
{
	r->depth++;
	if (r->depth > r->limits->depth_max || r->depth > DEPTH_MAX)
		return reader_fail(r, QW_E_LIMIT, "nested deeper than the limit");
	return count_one(r);
}

/* ---- lists ---- */

static int push(struct reader *r, const struct qtree_value *v)
{
	if (r->stack_count == r->stack_room) {
		size_t room = r->stack_room ? 2 * r->stack_room : 64;
		struct qtree_value *wider = qw_arena_alloc(r->arena, room * sizeof(*wider));

		if (!wider)
			return reader_fail(r, QW_E_NOMEM, "out of memory");
		if (r->stack_count)
			memcpy(wider, r->stack, r->stack_count * sizeof(*wider));
		r->stack = wider;
		r->stack_room = room;
	}
	r->stack[r->stack_count++] = *v;
	return count_one(r);
}

/* What was pushed since `base` becomes the list. */
static int pop(struct reader *r, size_t base, struct qtree_value *out)
{
	size_t n = r->stack_count - base;
	struct qtree_value *items = qw_arena_alloc(r->arena, n * sizeof(*items));

	if (!items)
		return reader_fail(r, QW_E_NOMEM, "out of memory");
	memcpy(items, r->stack + base, n * sizeof(*items));
	r->stack_count = base;
	*out = (struct qtree_value){.kind = QTREE_LIST, .list = {items, n}};
	return 0;
}

static int read_item(struct reader *r, struct qtree_value *out)
{
	if (*r->at == '{')
		return read_node(r, out);
	if (*r->at == '(')
		return read_list(r, out);
	return READER_SKIP(r, "<>") ? 0 : reader_fail(r, QW_E_MALFORMED, "an item of a list was expected");
}

static int read_name(struct reader *r, struct qtree_value *out)
{
	return READER_SKIP(r, "<>") ? 0 : read_quoted(r, out);
}

/* `(item item)`; an empty list is printed as a null. */
static int read_items(struct reader *r, int (*item)(struct reader *, struct qtree_value *), struct qtree_value *out)
{
	size_t base = r->stack_count;
	int err;

	if (!READER_SKIP(r, "("))
		return reader_fail(r, QW_E_MALFORMED, "a list was expected");
	err = go_down(r);
	if (err)
		return err;
	do {
		struct qtree_value v = {.kind = QTREE_NONE};

		err = item(r, &v);
		if (!err)
			err = push(r, &v);
		if (err)
			return err;
	} while (READER_SKIP(r, " "));
	r->depth--;
	return READER_SKIP(r, ")") ? pop(r, base, out) : reader_fail(r, QW_E_MALFORMED, "the end of a list was expected");
}

static int read_list(struct reader *r, struct qtree_value *out)
{
	return read_items(r, read_item, out);
}

/* ---- nodes ---- */

static int read_utility(struct reader *r, struct qtree_value *out)
{
	if (r->table->major < 16 && READER_SKIP(r, "?")) {
		*out = (struct qtree_value){.kind = QTREE_TOKEN, .token = QW_LIT("?")};
		return 0;
	}
	return READER_SKIP(r, "<>") ? 0 : read_node(r, out);
}

/* A value that may be missing. */
static int read_optional(struct reader *r, enum field_kind kind, struct qtree_value *out)
{
	if (READER_SKIP(r, "<>"))
		return 0;
	switch (kind) {
	case FIELD_NODE:
		return read_node(r, out);
	case FIELD_NAMES:
		return read_items(r, read_name, out);
	case FIELD_INTS:
		return read_numbers(r, 'i', out);
	case FIELD_OIDS:
		return read_numbers(r, 'o', out);
	case FIELD_LIST_OR_INTS:
		return r->at[0] == '(' && r->at[1] == 'i' ? read_numbers(r, 'i', out) : read_list(r, out);
	case FIELD_LIST:
	case FIELD_INT:
	case FIELD_UINT:
	case FIELD_FLOAT:
	case FIELD_CHAR:
	case FIELD_BOOL:
	case FIELD_STRING:
	case FIELD_BITS:
	case FIELD_DATUM:
	case FIELD_UTILITY:
	case FIELD_BOOLOP:
		break;
	}
	return read_list(r, out);
}

static int read_value(struct reader *r, enum field_kind kind, const struct qtree_node *node, struct qtree_value *out)
{
	switch (kind) {
	case FIELD_INT:
		return read_number(r, true, out);
	case FIELD_UINT:
		return read_number(r, false, out);
	case FIELD_FLOAT:
		return read_float(r, out);
	case FIELD_CHAR:
		return read_char(r, out);
	case FIELD_BOOL:
		return read_bool(r, out);
	case FIELD_STRING:
		return read_string(r, out);
	case FIELD_BITS:
		return read_numbers(r, 'b', out);
	case FIELD_DATUM:
		return read_datum(r, node, out);
	case FIELD_UTILITY:
		return read_utility(r, out);
	case FIELD_BOOLOP:
		return read_boolop(r, out);
	case FIELD_NODE:
	case FIELD_NAMES:
	case FIELD_LIST:
	case FIELD_INTS:
	case FIELD_OIDS:
	case FIELD_LIST_OR_INTS:
		break;
	}
	return read_optional(r, kind, out);
}

/* The bit of the value of the field that the others depend on; 0: a value that the version does not have. */
static unsigned choice(const struct node_type *type, const struct qtree_node *node)
{
	int64_t v;

	if (!qtree_int(&node->fields[type->known_field].value, &v) || v < 0 || v > 15)
		return 0;
	return type->known & (1u << v);
}

static int fail_label(struct reader *r, const struct node_type *type, const char *label)
{
	const char *what = qw_arena_printf(r->arena, "the field%s of %s was expected", label, type->name);

	return reader_fail(r, QW_E_MALFORMED, what ? what : "another field was expected");
}

static int read_fields(struct reader *r, const struct node_type *type, struct qtree_node *node, struct qtree_field *fields)
{
	unsigned chosen = 0;
	int err = 0;

	for (size_t i = 0; !err && i < type->field_count; i++) {
		const struct node_field *f = &type->fields[i];
		struct qtree_field *to = &fields[node->field_count];

		if (f->when && !(f->when & chosen))
			continue;
		if (!reader_skip(r, f->label, f->label_n))
			return fail_label(r, type, f->label);
		err = read_value(r, f->kind, node, &to->value);
		to->name = f->name;
		node->field_count++;
		if (!err && type->known && i == type->known_field) {
			chosen = choice(type, node);
			if (!chosen)
				err = reader_fail(r, QW_E_UNSUPPORTED, "a kind of range table entry that is not known");
		}
	}
	return err;
}

static int fail_type(struct reader *r, size_t n)
{
	const char *what = qw_arena_printf(r->arena, "the node type %.*s is not known of PostgreSQL %u",
		(int)(n < 40 ? n : 40), (const char *)r->at, r->table->major);

	return reader_fail(r, QW_E_UNSUPPORTED, what ? what : "a node type that is not known");
}

static int read_node(struct reader *r, struct qtree_value *out)
{
	const struct node_type *type;
	struct qtree_field *fields;
	struct qtree_node *node;
	size_t n = 0;
	int err;

	if (!READER_SKIP(r, "{"))
		return reader_fail(r, QW_E_MALFORMED, "a node was expected");
	err = go_down(r);
	if (err)
		return err;
	while ((r->at[n] >= 'A' && r->at[n] <= 'Z') || r->at[n] == '_')
		n++;
	type = qtree_type(r->table, qw_bytes(r->at, n));
	if (!type)
		return fail_type(r, n);
	r->at += n;
	node = qw_arena_alloc(r->arena, sizeof(*node));
	fields = qw_arena_alloc(r->arena, type->field_count * sizeof(*fields));
	if (!node || !fields)
		return reader_fail(r, QW_E_NOMEM, "out of memory");
	*node = (struct qtree_node){.type = type->name, .fields = fields};
	err = read_fields(r, type, node, fields);
	if (err)
		return err;
	r->depth--;
	*out = (struct qtree_value){.kind = QTREE_NODE, .node = node};
	return READER_SKIP(r, "}") ? 0 : reader_fail(r, QW_E_MALFORMED, "the end of a node was expected");
}

/* ---- the whole text ---- */

static int read_query(struct reader *r, struct qtree_value *out)
{
	int err = read_node(r, out);

	if (!err && !qtree_is(out, "QUERY"))
		err = reader_fail(r, QW_E_MALFORMED, "a query was expected");
	return err;
}

static int read_all(struct reader *r, struct qtree_value *out)
{
	int err = 0;

	if (READER_SKIP(r, "<>"))
		*out = (struct qtree_value){.kind = QTREE_LIST};
	else
		err = read_items(r, read_query, out);
	if (!err && r->at != r->end)
		err = reader_fail(r, QW_E_MALFORMED, "the end was expected");
	return err;
}

static int read_text(struct reader *r, struct qw_bytes text, struct qtree_value *out)
{
	uint8_t *line = qw_arena_alloc(r->arena, text.n + 1);
	size_t n, bad;
	const char *why;

	r->token = qw_arena_alloc(r->arena, text.n + 2);
	if (!line || !r->token)
		return reader_fail(r, QW_E_NOMEM, "out of memory");
	if (text.n && memchr(text.p, '\0', text.n))
		return reader_fail(r, QW_E_MALFORMED, "a zero byte");
	r->start = r->at = line;
	if (qtree_unwrap(text, line, &n, &bad, &why) != 0) {
		r->at = line + bad;
		return reader_fail(r, QW_E_MALFORMED, why);
	}
	r->end = line + n;
	return read_all(r, out);
}

int qtree_read(unsigned server_major, struct qw_bytes text, const struct qtree_limits *limits, struct qw_arena *arena,
	struct qtree_value *out, const char **problem)
{
	struct reader r = {.table = qtree_table(server_major), .limits = limits, .arena = arena};
	int err;

	*out = (struct qtree_value){.kind = QTREE_NONE};
	if (!r.table)
		err = reader_fail(&r, QW_E_UNSUPPORTED, "no table of the nodes of this server version");
	else if (text.n > limits->text_bytes_max)
		err = reader_fail(&r, QW_E_LIMIT, "longer than the limit");
	else
		err = read_text(&r, text, out);
	if (err)
		*out = (struct qtree_value){.kind = QTREE_NONE};
	if (problem)
		*problem = err ? r.problem : NULL;
	return err;
}
