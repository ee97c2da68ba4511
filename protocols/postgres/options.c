/*
 * The `options` startup parameter: a command line. Words are split as pg_split_opts does, then only
 * the two forms that set a parameter are known: "-c name=value" (also "-cname=value") and
 * "--name=value". Any other switch is refused.
 */
#include "internal.h"

struct words {
	const char *in;
	char *out; /* where the next word goes: as much room as is left in `in`, and one byte */
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next word without its backslashes; NULL at the end. A last backslash stands for nothing. */
static char *word_next(struct words *w)
{
	char *word = w->out;

	while (is_space(*w->in))
		w->in++;
	if (!*w->in)
		return NULL;
	while (*w->in && !is_space(*w->in)) {
		if (*w->in == '\\' && !*++w->in)
			break;
		*w->out++ = *w->in++;
	}
	*w->out++ = '\0';
	return word;
}

/* "name=value" -> two strings in place; dashes in the name mean underscores (ParseLongOption). */
static int split(char *setting, struct pgwire_parameter *out)
{
	char *equals = strchr(setting, '=');

	if (!equals || equals == setting)
		return QW_E_MALFORMED;
	*equals = '\0';
	for (char *p = setting; *p; p++) {
		if (*p == '-')
			*p = '_';
	}
	*out = (struct pgwire_parameter){setting, equals + 1};
	return 0;
}

static int setting_of(char *word, struct words *w, char **setting)
{
	if (word[0] != '-')
		return QW_E_MALFORMED;
	if (word[1] == '-') {
		*setting = word + 2;
		return 0;
	}
	if (word[1] != 'c')
		return word[1] ? QW_E_UNSUPPORTED : QW_E_MALFORMED;
	*setting = word[2] ? word + 2 : word_next(w);
	return *setting ? 0 : QW_E_MALFORMED;
}

/* The last of two equal names counts, as on the server; the list has each name once. */
static int put(struct pgwire_parameter *out, size_t max, size_t *count, struct pgwire_parameter one)
{
	for (size_t i = 0; i < *count; i++) {
		if (pgwire_same_name(out[i].name, one.name)) {
			out[i] = one;
			return 0;
		}
	}
	if (*count == max)
		return QW_E_LIMIT;
	out[(*count)++] = one;
	return 0;
}

int pgwire_options_decode(const char *options, struct qw_arena *arena, struct pgwire_parameter *out,
	size_t max, size_t *count)
{
	struct words w = {options, qw_arena_alloc(arena, strlen(options) + 1)};
	char *word, *setting;

	*count = 0;
	if (!w.out)
		return QW_E_NOMEM;
	while ((word = word_next(&w))) {
		struct pgwire_parameter one;
		int err = setting_of(word, &w, &setting);

		if (!err)
			err = split(setting, &one);
		if (!err)
			err = put(out, max, count, one);
		if (err)
			return err;
	}
	return 0;
}
