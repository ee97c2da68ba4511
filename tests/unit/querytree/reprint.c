#include "reprint.h"
#include "table.h"

static void put(struct qw_buf *b, const char *s)
{
	QW_ASSERT(!qw_buf_append(b, s, strlen(s)));
}

static void put_bytes(struct qw_buf *b, struct qw_bytes s)
{
	QW_ASSERT(s.n == 0 || !qw_buf_append(b, s.p, s.n));
}

static void put_escaped(struct qw_buf *b, struct qw_bytes s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = (char)s.p[i], next = i + 1 < s.n ? (char)s.p[i + 1] : '\0';
		bool is_sign = c == '+' || c == '-';

		if (strchr(" \n\t(){}\\", c) ||
			(i == 0 && (strchr("<\"0123456789", c) ||
					   (is_sign && next && strchr("0123456789.", next)))))
			put(b, "\\");
		put_bytes(b, qw_bytes(&s.p[i], 1));
	}
}

static void put_numbers(struct qw_buf *b, char letter, const struct qtree_value *v)
{
	QW_ASSERT(v->kind == QTREE_NUMBERS);
	QW_ASSERT(!qw_buf_printf(b, "(%c", letter));
	for (size_t i = 0; i < v->numbers.count; i++)
		QW_ASSERT(!qw_buf_printf(b, " %lld", (long long)v->numbers.items[i]));
	put(b, ")");
}

struct printer {
	struct qw_buf *b;
	const struct node_table *table;
	bool is_signed;
};

static void put_node(struct printer *p, const struct qtree_node *n);

static void put_datum(struct printer *p, const struct qtree_node *n, struct qw_bytes s)
{
	int64_t length = 0;
	bool by_value = false;

	QW_ASSERT(qtree_int(qtree_get(n, "constlen"), &length) && qtree_bool(qtree_get(n, "constbyval"), &by_value));
	QW_ASSERT(!qw_buf_printf(p->b, "%lld [ ", by_value ? (long long)length : (long long)s.n));
	for (size_t i = 0; i < s.n; i++)
		QW_ASSERT(!qw_buf_printf(p->b, "%d ", p->is_signed ? (int8_t)s.p[i] : (int)s.p[i]));
	put(p->b, "]");
}

static void put_list(struct printer *p, const struct qtree_value *v)
{
	QW_ASSERT(v->kind == QTREE_LIST && v->list.count > 0);
	for (size_t i = 0; i < v->list.count; i++) {
		const struct qtree_value *item = &v->list.items[i];

		put(p->b, i ? " " : "(");
		if (item->kind == QTREE_NODE)
			put_node(p, item->node);
		else if (item->kind == QTREE_LIST)
			put_list(p, item);
		else if (item->kind == QTREE_NONE)
			put(p->b, "<>");
		else {
			put(p->b, "\"");
			put_escaped(p->b, item->token);
			put(p->b, "\"");
		}
	}
	put(p->b, ")");
}

static void put_field(struct printer *p, const struct qtree_node *n, enum field_kind kind, const struct qtree_value *v)
{
	static const char letters[] = {[FIELD_INTS] = 'i', [FIELD_OIDS] = 'o', [FIELD_BITS] = 'b', [FIELD_LIST_OR_INTS] = 'i'};

	switch (v->kind) {
	case QTREE_NONE:
		put(p->b, "<>");
		break;
	case QTREE_NODE:
		put_node(p, v->node);
		break;
	case QTREE_LIST:
		put_list(p, v);
		break;
	case QTREE_NUMBERS:
		QW_ASSERT(kind < sizeof(letters) && letters[kind]);
		put_numbers(p->b, letters[kind], v);
		break;
	case QTREE_TOKEN:
		QW_ASSERT(v->token.p[v->token.n] == '\0');
		if (v->token.n == 0)
			put(p->b, "\"\"");
		else if (kind == FIELD_STRING || kind == FIELD_CHAR)
			put_escaped(p->b, v->token);
		else
			put_bytes(p->b, v->token);
		break;
	case QTREE_DATUM:
		put_datum(p, n, v->datum);
		break;
	}
}

static const struct node_type *type_of(const struct node_table *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->types[i].name, name) == 0)
			return &t->types[i];
	return NULL;
}

static void put_node(struct printer *p, const struct qtree_node *n)
{
	const struct node_type *type = type_of(p->table, n->type);
	int64_t chosen = 0;
	size_t used = 0;

	QW_ASSERT(type != NULL);
	put(p->b, "{");
	put(p->b, type->printed);
	if (type->known)
		QW_ASSERT(qtree_int(&n->fields[type->known_field].value, &chosen));
	for (size_t i = 0; i < type->field_count; i++) {
		const struct node_field *f = &type->fields[i];

		if (f->when && !(f->when >> chosen & 1))
			continue;
		QW_ASSERT(used < n->field_count && strcmp(n->fields[used].name, f->name) == 0);
		put(p->b, f->label);
		put_field(p, n, f->kind, &n->fields[used++].value);
	}
	QW_ASSERT(used == n->field_count);
	put(p->b, "}");
}

void reprint_lines(struct qw_bytes line, struct qw_buf *out)
{
	enum { WIDTH = 78 };

	while (line.n > WIDTH) {
		size_t k = WIDTH, skip = 1;

		while (k > 0 && line.p[k] != ' ')
			k--;
		if (k == 0) {
			k = WIDTH;
			skip = 0;
		}
		put_bytes(out, qw_bytes(line.p, k));
		put(out, "\n");
		line = qw_bytes(line.p + k + skip, line.n - k - skip);
	}
	put_bytes(out, line);
	if (line.n)
		put(out, "\n");
}

void reprint(unsigned major, const struct qtree_value *queries, bool bytes_are_signed, struct qw_buf *out)
{
	struct qw_buf line;
	struct printer p = {.b = &line, .table = qtree_table(major), .is_signed = bytes_are_signed};

	qw_buf_init(&line, 1u << 30);
	if (queries->list.count)
		put_list(&p, queries);
	else
		put(&line, "<>");
	reprint_lines(qw_buf_pending(&line), out);
	qw_buf_fini(&line);
}

int reprint_check(unsigned major, struct qw_bytes text, struct qw_arena *arena, struct qtree_value *out, const char **problem)
{
	const struct qtree_limits limits = QTREE_LIMITS_DEFAULT;
	int err = qtree_read(major, text, &limits, arena, out, problem);
	struct qw_buf again[2];
	bool is_same = false;

	QW_ASSERT(err ? *problem != NULL && out->kind == QTREE_NONE : *problem == NULL && out->kind == QTREE_LIST);
	for (int is_signed = 0; !err && is_signed < 2; is_signed++) {
		qw_buf_init(&again[is_signed], 1u << 30);
		reprint(major, out, is_signed, &again[is_signed]);
		is_same |= qw_bytes_equal(text, qw_buf_pending(&again[is_signed]));
		qw_buf_fini(&again[is_signed]);
	}
	QW_ASSERT(err || is_same);
	return err;
}
