/* COPY: how its data looks, and a query of the relation's rows. */
#include "inner.h"

#include <strings.h>

/* ---- options: ProcessCopyOptions() of commands/copy.c. Both syntaxes come to the same list. ---- */

struct options {
	const char *format, *delimiter, *null_text, *quote, *escape, *header, *encoding;
	bool has_header, has_force_quote, force_quote_all;
};

static const char *string_of(const DefElem *d)
{
	return d->arg && IsA(d->arg, String) ? strVal(d->arg) : NULL;
}

/* Every one of them at most once; false: the server refuses it, or we do not know it. */
static bool take_text(const DefElem *d, const char **into)
{
	const char *text = string_of(d);

	if (!text || *into)
		return false;
	*into = text;
	return true;
}

/* defGetCopyHeaderChoice(); MATCH is for COPY FROM. */
static bool take_header(const DefElem *d, struct options *o)
{
	const char *text = string_of(d);

	if (o->header)
		return false;
	o->header = d->defname;
	if (!d->arg) {
		o->has_header = true;
	} else if (IsA(d->arg, Boolean)) {
		o->has_header = boolVal(d->arg);
	} else if (IsA(d->arg, Integer)) {
		o->has_header = intVal(d->arg) == 1;
		return intVal(d->arg) == 0 || intVal(d->arg) == 1;
	} else if (text) {
		o->has_header = strcasecmp(text, "true") == 0 || strcasecmp(text, "on") == 0;
		return o->has_header || strcasecmp(text, "false") == 0 ||
		       strcasecmp(text, "off") == 0;
	} else {
		return false;
	}
	return true;
}

static bool take_force_quote(const DefElem *d, struct options *o)
{
	if (o->has_force_quote || !d->arg || !(IsA(d->arg, A_Star) || IsA(d->arg, List)))
		return false;
	o->has_force_quote = true;
	o->force_quote_all = IsA(d->arg, A_Star);
	return true;
}

static bool take_option(const DefElem *d, struct options *o)
{
	static const struct {
		const char *name;
		size_t at;
	} texts[] = {
		{"format", offsetof(struct options, format)},
		{"delimiter", offsetof(struct options, delimiter)},
		{"null", offsetof(struct options, null_text)},
		{"quote", offsetof(struct options, quote)},
		{"escape", offsetof(struct options, escape)},
		{"encoding", offsetof(struct options, encoding)},
	};

	for (size_t i = 0; i < QW_COUNT(texts); i++)
		if (strcmp(d->defname, texts[i].name) == 0)
			return take_text(d, (const char **)(void *)((char *)o + texts[i].at));
	if (strcmp(d->defname, "header") == 0)
		return take_header(d, o);
	return strcmp(d->defname, "force_quote") == 0 && take_force_quote(d, o);
}

static bool take_options(const List *list, struct options *o)
{
	const ListCell *cell;

	foreach (cell, list) {
		const DefElem *d = lfirst(cell);

		if (!d || !IsA(d, DefElem) || !d->defname || !take_option(d, o))
			return false;
	}
	return true;
}

/* One ASCII character that is no line end. */
static bool is_one(const char *s)
{
	return s[0] && !s[1] && s[0] != '\r' && s[0] != '\n' && (unsigned char)s[0] < 0x80;
}

static bool is_valid_text(const struct options *o, const struct qw_copy *c)
{
	return c->format == QW_COPY_CSV ||
	       (!strchr("\\.abcdefghijklmnopqrstuvwxyz0123456789", c->delimiter) && !o->quote &&
		       !o->escape && !o->has_force_quote);
}

static bool is_valid_csv(const struct options *o, const struct qw_copy *c)
{
	return c->format != QW_COPY_CSV ||
	       ((!o->quote || is_one(o->quote)) && (!o->escape || is_one(o->escape)) &&
		       c->delimiter != c->quote && !strchr(c->null_text, c->quote));
}

static bool choose_format(const struct options *o, struct qw_copy *c)
{
	static const char *const formats[] = {
		[QW_COPY_TEXT] = "text", [QW_COPY_CSV] = "csv", [QW_COPY_BINARY] = "binary"};

	for (size_t i = 0; i < QW_COUNT(formats); i++) {
		if (strcmp(o->format ? o->format : "text", formats[i]) == 0) {
			c->format = (enum qw_copy_format)i;
			return true;
		}
	}
	return false;
}

/* The defaults, and whether the server would take it; what it refuses does no harm as unknown. */
static bool choose(struct walk *w, const struct options *o, struct qw_copy *c)
{
	const char *null_text;

	if (!choose_format(o, c) || (o->encoding && !spg_setting_is_utf8(o->encoding)))
		return false;
	if (c->format == QW_COPY_BINARY)
		return !o->delimiter && !o->null_text && !o->quote && !o->escape && !o->header &&
		       !o->has_force_quote;
	if (o->delimiter && !is_one(o->delimiter))
		return false;
	c->delimiter = o->delimiter ? o->delimiter[0] : '\t';
	null_text = o->null_text ? o->null_text : "\\N";
	if (c->format == QW_COPY_CSV) {
		c->delimiter = o->delimiter ? o->delimiter[0] : ',';
		null_text = o->null_text ? o->null_text : "";
		c->quote = o->quote ? o->quote[0] : '"';
		c->escape = o->escape ? o->escape[0] : c->quote;
	}
	c->null_text = qw_arena_strdup(w->arena, qw_bytes_from(null_text));
	if (!c->null_text) {
		w->err = QW_E_NOMEM;
		return false;
	}
	c->has_header = o->has_header;
	c->force_quote_any = o->has_force_quote;
	c->force_quote_all = o->force_quote_all;
	return !null_text[strcspn(null_text, "\r\n")] && !strchr(null_text, c->delimiter) &&
	       is_valid_text(o, c) && is_valid_csv(o, c);
}

const struct qw_copy *spg_inner_copy(struct walk *w, const CopyStmt *s)
{
	struct qw_copy *c = qw_arena_alloc(w->arena, sizeof(*c));
	struct options o = {0};

	if (!c) {
		w->err = QW_E_NOMEM;
		return NULL;
	}
	c->is_to_client = !s->is_program && !s->filename;
	c->is_known = take_options(s->options, &o) && choose(w, &o, c);
	return c;
}

/* ---- the relation's rows as a query ---- */

static int put(struct qw_buf *b, const char *s)
{
	return qw_buf_append(b, s, strlen(s));
}

/* Always quoted: no keyword, no folding. */
static int put_name(struct qw_buf *b, const char *name)
{
	int err = put(b, "\"");

	for (; !err && *name; name++) {
		err = qw_buf_append(b, name, 1);
		if (!err && *name == '"')
			err = put(b, "\"");
	}
	return err ? err : put(b, "\"");
}

static int put_relation(struct qw_buf *b, const RangeVar *rv)
{
	const char *const parts[] = {rv->catalogname, rv->schemaname, rv->relname};
	int err = 0;

	for (size_t i = 0; !err && i < QW_COUNT(parts); i++) {
		if (!parts[i])
			continue;
		err = put_name(b, parts[i]);
		if (!err && i + 1 < QW_COUNT(parts))
			err = put(b, ".");
	}
	return err;
}

/* "a", "b", or $1, $2; MALFORMED: not a list of names. */
static int put_columns(struct qw_buf *b, const List *names, bool as_parameters)
{
	const ListCell *cell;
	int err = 0;

	foreach (cell, names) {
		const Node *n = lfirst(cell);
		int at = foreach_current_index(cell);

		if (!n || !IsA(n, String))
			return QW_E_MALFORMED;
		if (at)
			err = put(b, ", ");
		if (!err)
			err = as_parameters ? qw_buf_printf(b, "$%d", at + 1)
					    : put_name(b, strVal(n));
		if (err)
			return err;
	}
	return 0;
}

static int put_select(struct qw_buf *b, const CopyStmt *s)
{
	int err = put(b, "SELECT ");

	if (!err)
		err = s->attlist ? put_columns(b, s->attlist, false) : put(b, "*");
	if (!err)
		err = put(b, " FROM ONLY ");
	return err ? err : put_relation(b, s->relation);
}

static int put_insert(struct qw_buf *b, const CopyStmt *s)
{
	int err = put(b, "INSERT INTO ");

	if (!err)
		err = put_relation(b, s->relation);
	if (err || !s->attlist)
		return err ? err : put(b, " DEFAULT VALUES");
	err = put(b, " (");
	if (!err)
		err = put_columns(b, s->attlist, false);
	if (!err)
		err = put(b, ") VALUES (");
	if (!err)
		err = put_columns(b, s->attlist, true);
	return err ? err : put(b, ")");
}

struct qw_bytes spg_inner_copy_text(struct walk *w, const CopyStmt *s)
{
	struct qw_bytes text = {0};
	struct qw_buf b;
	int err;

	if (s->is_from && s->whereClause)
		return text;
	qw_buf_init(&b, w->limits->text_bytes_max);
	err = s->is_from ? put_insert(&b, s) : put_select(&b, s);
	if (!err) {
		text = qw_buf_pending(&b);
		text.p = (const uint8_t *)qw_arena_strdup(w->arena, text);
		if (!text.p)
			err = QW_E_NOMEM;
	}
	qw_buf_fini(&b);
	if (err == QW_E_NOMEM)
		w->err = err;
	return err ? (struct qw_bytes){0} : text;
}
