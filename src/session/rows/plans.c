/*
 * Plans of EXPLAIN. Where a statement carries a sensitive column, the plan tells how long its values are: width, costs that are
 * computed with it, and after ANALYZE the memory and bytes that its rows took. These numbers become 0, whatever is not known to be
 * harmless becomes ***, and the plan stays well-formed in all four formats. Which nodes there are, conditions, numbers of rows and
 * times stay. All formats have one property a line: `Key: value`, `"Key": value`, `<Key>value</Key>`.
 */
#include "../machine.h"

enum { KEY_MAX = 60 };

/* Without what is told by sizes. "-" stands for a blank, too. */
static const char *const harmless[] = {"Plan", "Plans", "Node Type", "Parallel Aware", "Async Capable", "Join Type", "Relation Name",
	"Schema", "Alias", "Parent Relationship", "Subplan Name", "Strategy", "Partial Mode", "Operation", "Index Name",
	"Scan Direction", "CTE Name", "Function Name", "Table Function Name", "Tuplestore Name", "Command", "Custom Plan Provider",
	"Plan Rows", "Actual Startup Time", "Actual Total Time", "Actual Rows", "Actual Loops", "Output", "Filter", "Join Filter",
	"Index Cond", "Recheck Cond", "Order By", "Hash Cond", "Merge Cond", "One Time Filter", "TID Cond", "Run Condition", "Window",
	"Sort Key", "Presorted Key", "Group Key", "Group Keys", "Hash Key", "Hash Keys", "Grouping Sets", "Function Call",
	"Table Function Call", "Sampling Method", "Sampling Parameters", "Sampling", "Repeatable Seed", "Cache Key", "Cache Mode",
	"Conflict Resolution", "Conflict Arbiter Indexes", "Conflict Filter", "Rows Removed by Filter", "Rows Removed by Join Filter",
	"Rows Removed by Conflict Filter", "Workers", "Worker Number", "Workers Planned", "Workers Launched", "Params Evaluated",
	"Single Copy", "Heap Fetches", "Index Searches", "Inner Unique", "Tuples Inserted", "Conflicting Tuples", "Tuples Updated",
	"Tuples Deleted", "Tuples Skipped", "Tuples", "Subplans Removed", "Relations", "Planning Time", "Execution Time", "Triggers",
	"Trigger Name", "Constraint Name", "Relation", "Time", "Calls", "Settings", "Query Identifier", "Disabled", "Group"};

bool plans_tell(const struct columns_source *from, const struct columns *c, const struct pgwire_column *col)
{
	const struct resolution *r = from->resolution;

	if (!r || from->flow || c->count != 1 || col->table_oid || strcmp(col->name, "QUERY PLAN") != 0)
		return false;
	for (size_t i = 0; i < r->count; i++)
		if (r->is_asked[i] && r->flows[i].meets_labelled)
			return true;
	return false;
}

/* ---- a property ---- */

struct property {
	char key[KEY_MAX + 1];
	size_t value, end; /* where its value is in the line */
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_of_key(uint8_t c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == ' ' || c == '-' || c == '/' || c == '_';
}

static bool begins(struct qw_bytes line, size_t at, const char *with)
{
	size_t n = strlen(with);

	return line.n - at >= n && memcmp(line.p + at, with, n) == 0;
}

/* What stands behind the key in this format */
static const char *closing(uint8_t opening)
{
	return opening == '"' ? "\":" : opening == '<' ? ">" : ":";
}

static void skip_blanks(struct qw_bytes line, size_t *at)
{
	while (*at < line.n && line.p[*at] == ' ')
		++*at;
}

static bool property_read(struct qw_bytes line, size_t at, struct property *p)
{
	size_t n = 0;
	const char *close;

	skip_blanks(line, &at);
	if (begins(line, at, "- "))
		at += 2;
	skip_blanks(line, &at);
	close = closing(at < line.n ? line.p[at] : 0);
	at += close[0] == ':' ? 0 : 1;
	for (; at < line.n && n < KEY_MAX && is_of_key(line.p[at]); at++)
		p->key[n++] = line.p[at] == '-' ? ' ' : (char)line.p[at];
	p->key[n] = '\0';
	if (n == 0 || !begins(line, at, close))
		return false;
	at += strlen(close);
	skip_blanks(line, &at);
	p->value = at;
	p->end = line.n;
	if (close[0] == '>')
		for (p->end = at; p->end < line.n && !begins(line, p->end, "</");)
			p->end++;
	else if (close[0] == '"' && p->end > at && line.p[p->end - 1] == ',')
		p->end--;
	return true;
}

static bool is_harmless(const char *key)
{
	for (size_t i = 0; i < QW_COUNT(harmless); i++)
		if (strcmp(harmless[i], key) == 0)
			return true;
	return strncmp(key, "Trigger ", 8) == 0; /* Trigger t on x: time=0.1 calls=1 */
}

static bool is_number(struct qw_bytes v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!is_digit(v.p[i]) && v.p[i] != '.' && v.p[i] != '-')
			return false;
	return v.n > 0;
}

static bool is_word(struct qw_bytes v, const char *word)
{
	return v.n == strlen(word) && memcmp(v.p, word, v.n) == 0;
}

/* What is inside of it has keys of its own. */
static bool is_container(struct qw_bytes v)
{
	return v.n == 0 || v.p[v.n - 1] == '[' || v.p[v.n - 1] == '{';
}

static const char *instead_of(struct qw_bytes v)
{
	if (is_number(v))
		return "0";
	return v.p[0] == '"' ? "\"***\"" : v.p[0] == '[' ? "[]" : "***";
}

/* ---- lines ---- */

static bool is_told(struct qw_bytes line, size_t at)
{
	return begins(line, at, "width=") || begins(line, at, "cost=");
}

/* "(cost=0.29..8.31 rows=1 width=39)", "25kB": wherever it stands, as a name may hold a line break */
static int put_line(struct qw_bytes line, struct qw_buf *out)
{
	size_t at = 0;
	int err = 0;

	while (at < line.n && !err) {
		size_t from = at, n;
		bool is_cost = begins(line, at, "cost=");

		if (is_told(line, at)) {
			at += is_cost ? 5 : 6;
			for (n = at; n < line.n && (is_digit(line.p[n]) || (is_cost && line.p[n] == '.'));)
				n++;
			err = qw_buf_append(out, line.p + from, at - from);
			if (!err && n > at)
				err = is_cost ? qw_buf_append(out, "0.00..0.00", 10) : qw_buf_append(out, "0", 1);
			at = n;
			continue;
		}
		while (at < line.n && is_digit(line.p[at]))
			at++;
		if (at > from && begins(line, at, "kB")) {
			err = qw_buf_append(out, "0", 1);
			continue;
		}
		at += at == from;
		err = qw_buf_append(out, line.p + from, at - from);
	}
	return err;
}

struct hiding {
	struct qw_buf *out;
	bool hides_items; /* of the list that began last */
};

static bool is_item(struct qw_bytes line)
{
	size_t at = 0;

	skip_blanks(line, &at);
	return begins(line, at, "- ") || begins(line, at, "<Item>");
}

static int put_item(struct qw_bytes line, struct hiding *h)
{
	size_t at = 0;
	bool is_xml;

	skip_blanks(line, &at);
	is_xml = line.p[at] == '<';
	return qw_buf_append(h->out, line.p, at) ? QW_E_NOMEM :
		is_xml ? qw_buf_append(h->out, "<Item>***</Item>", 16) : qw_buf_append(h->out, "- \"***\"", 7);
}

static int line_hide(struct qw_bytes line, struct hiding *h)
{
	struct property p;
	struct qw_bytes value;
	bool is_property = property_read(line, 0, &p);
	int err;

	if (is_property && strncmp(p.key, "Worker ", 7) == 0 && is_digit((uint8_t)p.key[7])) /* "Worker 0:  Sort Method: ..." */
		is_property = property_read(line, p.value, &p);
	if (is_item(line) && (!is_property || strcmp(p.key, "Item") == 0))
		return h->hides_items ? put_item(line, h) : put_line(line, h->out);
	if (!is_property)
		return put_line(line, h->out);
	value = qw_bytes(line.p + p.value, p.end - p.value);
	h->hides_items = !is_harmless(p.key);
	if (!h->hides_items || is_container(value) || is_word(value, "true") || is_word(value, "false"))
		return put_line(line, h->out);
	err = put_line(qw_bytes(line.p, p.value), h->out);
	if (!err)
		err = qw_buf_append(h->out, instead_of(value), strlen(instead_of(value)));
	return err ? err : put_line(qw_bytes(line.p + p.end, line.n - p.end), h->out);
}

enum cell plans_hide(struct session *s, struct qw_bytes value, struct qw_bytes *out)
{
	/* What came before may be in one of the two. */
	bool is_scratch = value.p == qw_buf_pending(&s->scratch).p;
	struct hiding h = {.out = is_scratch ? &s->literals : &s->scratch};
	size_t at = 0;
	int err = 0;

	qw_buf_clear(h.out);
	while (at < value.n && !err) {
		const uint8_t *end = memchr(value.p + at, '\n', value.n - at);
		size_t n = end ? (size_t)(end - value.p) - at : value.n - at;

		err = line_hide(qw_bytes(value.p + at, n), &h);
		if (!err && end)
			err = qw_buf_append(h.out, "\n", 1);
		at += n + 1;
	}
	if (err)
		return CELL_NULL;
	*out = qw_buf_pending(h.out);
	return CELL_OTHER;
}
