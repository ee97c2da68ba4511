/* What the statement says, checked as the server checks it (ProcessCopyOptions), and a little more. */
#include "internal.h"

/* A byte of the statement stands as the same byte in the stream, and never inside of a character. */
static bool is_usable(uint8_t byte)
{
	return byte != '\n' && byte != '\r' && byte < 0x80;
}

static bool has_byte(struct qw_bytes text, uint8_t byte)
{
	return text.n && memchr(text.p, byte, text.n);
}

/* A backslash at the end would escape the delimiter behind it. */
static bool ends_open(struct qw_bytes text)
{
	size_t i = 0;

	while (i < text.n)
		i += text.p[i] == '\\' ? 2 : 1;
	return i > text.n;
}

static void options_fill(struct pgcopy_options *o)
{
	bool is_csv = o->format == PGCOPY_CSV;

	if (!o->delimiter)
		o->delimiter = is_csv ? ',' : '\t';
	if (!o->quote)
		o->quote = '"';
	if (!o->escape)
		o->escape = o->quote;
	if (!o->null_text)
		o->null_text = is_csv ? "" : "\\N";
}

static int options_check(const struct pgcopy_options *o)
{
	struct qw_bytes null_text = qw_bytes_from(o->null_text);

	if (null_text.n > PGCOPY_NULL_TEXT_MAX)
		return QW_E_LIMIT;
	if (!is_usable(o->delimiter) || has_byte(null_text, '\n') || has_byte(null_text, '\r') ||
		has_byte(null_text, o->delimiter))
		return QW_E_UNSUPPORTED;
	if (o->format == PGCOPY_TEXT)
		return strchr("\\.abcdefghijklmnopqrstuvwxyz0123456789", o->delimiter) || ends_open(null_text)
			? QW_E_UNSUPPORTED
			: 0;
	if (!is_usable(o->quote) || !is_usable(o->escape) || o->quote == o->delimiter || has_byte(null_text, o->quote))
		return QW_E_UNSUPPORTED;
	return 0;
}

/* Is there a value that COPY TO writes as the NULL text? If so, it is the one that the NULL text stands for. */
static int null_text_judge(struct pgcopy *c)
{
	uint8_t value[PGCOPY_NULL_TEXT_MAX];
	struct qw_buf again;
	size_t n;
	int err;

	if (pgcopy_text_decode(c->null_text, value, &n))
		return 0;
	qw_buf_init(&again, 4 * PGCOPY_NULL_TEXT_MAX);
	err = pgcopy_put_text(c, qw_bytes(value, n), &again);
	c->null_is_ambiguous = qw_bytes_equal(qw_buf_pending(&again), c->null_text);
	qw_buf_fini(&again);
	return err;
}

int pgcopy_init(struct pgcopy *c, const struct pgcopy_options *options, struct qw_arena *arena)
{
	char *null_text;
	int err = 0;

	*c = (struct pgcopy){.o = *options, .err = QW_E_STATE};
	if (options->format > PGCOPY_BINARY)
		return QW_E_UNSUPPORTED;
	if (options->columns > PGCOPY_COLUMNS_MAX || options->row_bytes_max == 0 ||
		options->row_bytes_max > PGCOPY_ROW_BYTES_MAX)
		return QW_E_LIMIT;
	options_fill(&c->o);
	if (c->o.format == PGCOPY_BINARY)
		c->o.header = false;
	else
		err = options_check(&c->o);
	if (err)
		return err;
	qw_buf_init(&c->carry, c->o.row_bytes_max);
	qw_buf_init(&c->values, c->o.row_bytes_max);
	c->cells = qw_arena_alloc(arena, (c->o.columns + 1) * sizeof(*c->cells));
	null_text = qw_arena_strdup(arena, qw_bytes_from(c->o.null_text));
	if (!c->cells || !null_text)
		return QW_E_NOMEM;
	c->o.null_text = null_text;
	c->null_text = qw_bytes_from(null_text);
	if (c->o.format == PGCOPY_TEXT)
		err = null_text_judge(c);
	c->err = err;
	return err;
}

void pgcopy_fini(struct pgcopy *c)
{
	if (!c)
		return;
	qw_buf_fini(&c->carry);
	qw_buf_fini(&c->values);
	*c = (struct pgcopy){.err = QW_E_STATE};
}
