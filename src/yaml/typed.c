/* Typed, strict reading of the tree. The first problem is kept. */
#include "qw/yaml.h"

#include <stdarg.h>
#include <stdio.h>

enum { STRING_BYTES_MAX = 4096, TEXT_BYTES_MAX = 65536, WORD_MAX = 64 };

static const char *kind_name(const struct yaml_node *n)
{
	switch (n->kind) {
	case YAML_SCALAR:
		return n->text[0] || n->quoted ? "a single value" : "nothing";
	case YAML_LIST:
		return "a list";
	case YAML_MAP:
		return "a map";
	}
	return "something else";
}

void yaml_fail(struct yaml_reader *r, const struct yaml_node *at, const char *fmt, ...)
{
	va_list args;

	if (r->problem.text[0])
		return;
	r->problem.line = at ? at->line : 1;
	r->problem.column = at ? at->column : 1;
	va_start(args, fmt);
	(void)vsnprintf(r->problem.text, sizeof(r->problem.text), fmt, args);
	va_end(args);
}

/* What a message calls the node: its key, or "this". */
static const char *named(const struct yaml_node *n)
{
	return n->key ? n->key : "this value";
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n;

	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (n = map->first; n; n = n->next)
		if (strcmp(n->key, key) == 0)
			return n;
	return NULL;
}

const struct yaml_node *yaml_need(
	struct yaml_reader *r, const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);

	if (!n)
		yaml_fail(r, map, "the key \"%s\" is missing%s%s: add it", key,
			map->key ? " in " : "", map->key ? map->key : "");
	return n;
}

bool yaml_expect(struct yaml_reader *r, const struct yaml_node *n, enum yaml_kind kind)
{
	static const char *const wanted[] = {
		[YAML_SCALAR] = "a single value",
		[YAML_LIST] = "a list (lines that start with \"- \", or [a, b])",
		[YAML_MAP] = "a map (lines of \"key: value\", or {key: value})",
	};

	if (n->kind == kind)
		return true;
	yaml_fail(r, n, "%s must be %s, not %s", named(n), wanted[kind], kind_name(n));
	return false;
}

bool yaml_only(struct yaml_reader *r, const struct yaml_node *map, const char *const *known)
{
	const struct yaml_node *n;

	if (!yaml_expect(r, map, YAML_MAP))
		return false;
	for (n = map->first; n; n = n->next) {
		const struct yaml_node at = {.line = n->key_line, .column = n->key_column};
		const char *const *k = known;
		const char *near;

		while (*k && strcmp(*k, n->key) != 0)
			k++;
		if (*k)
			continue;
		near = yaml_nearest(n->key, known);
		if (near)
			yaml_fail(r, &at, "unknown key \"%s\": did you mean \"%s\"?", n->key, near);
		else
			yaml_fail(r, &at, "unknown key \"%s\": remove it (known here: %s%s%s ...)",
				n->key, known[0], known[0] && known[1] ? ", " : "",
				known[0] && known[1] ? known[1] : "");
		return false;
	}
	return true;
}

static bool has_value(struct yaml_reader *r, const struct yaml_node *n, size_t bytes_max)
{
	if (!yaml_expect(r, n, YAML_SCALAR))
		return false;
	if (!n->text[0] || (!n->quoted && strcmp(n->text, "~") == 0)) {
		yaml_fail(r, n, "%s has no value: write one, or remove the key", named(n));
		return false;
	}
	if (strlen(n->text) > bytes_max) {
		yaml_fail(r, n, "%s is longer than %zu bytes", named(n), bytes_max);
		return false;
	}
	return true;
}

bool yaml_string(struct yaml_reader *r, const struct yaml_node *n, const char **out)
{
	const unsigned char *p;

	if (!has_value(r, n, STRING_BYTES_MAX))
		return false;
	for (p = (const unsigned char *)n->text; *p; p++) {
		if (*p >= 0x20 && *p != 0x7f)
			continue;
		yaml_fail(r, n,
			"%s holds a line break or another control character: write it in one line",
			named(n));
		return false;
	}
	*out = n->text;
	return true;
}

bool yaml_text(struct yaml_reader *r, const struct yaml_node *n, const char **out)
{
	if (!has_value(r, n, TEXT_BYTES_MAX))
		return false;
	*out = n->text;
	return true;
}

bool yaml_bool(struct yaml_reader *r, const struct yaml_node *n, bool *out)
{
	if (!yaml_expect(r, n, YAML_SCALAR))
		return false;
	*out = strcmp(n->text, "true") == 0;
	if (!n->quoted && (*out || strcmp(n->text, "false") == 0))
		return true;
	yaml_fail(r, n, "%s must be true or false, not \"%.60s\"", named(n), n->text);
	*out = false;
	return false;
}

bool yaml_u64(
	struct yaml_reader *r, const struct yaml_node *n, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	const char *p;

	if (!yaml_expect(r, n, YAML_SCALAR))
		return false;
	for (p = n->text; *p >= '0' && *p <= '9'; p++) {
		if (value > (UINT64_MAX - 9) / 10)
			break;
		value = value * 10 + (uint64_t)(*p - '0');
	}
	if (n->quoted || p == n->text || *p || value < min || value > max) {
		yaml_fail(r, n, "%s must be a whole number from %llu to %llu, not \"%.60s\"",
			named(n), (unsigned long long)min, (unsigned long long)max, n->text);
		return false;
	}
	*out = value;
	return true;
}

bool yaml_strings(
	struct yaml_reader *r, const struct yaml_node *n, const char ***out, size_t *count)
{
	const struct yaml_node *c = n->kind == YAML_LIST ? n->first : n;
	size_t want = n->kind == YAML_LIST ? n->count : 1, i;
	const char **list;

	if (n->kind == YAML_MAP)
		return yaml_expect(r, n, YAML_LIST);
	if (want == 0) {
		yaml_fail(r, n, "%s is an empty list: name at least one, or remove the key",
			named(n));
		return false;
	}
	list = qw_arena_alloc(r->arena, want * sizeof(*list));
	if (!list) {
		yaml_fail(r, n, "out of memory");
		return false;
	}
	for (i = 0; i < want; i++, c = c->next)
		if (!yaml_string(r, c, &list[i]))
			return false;
	*out = list;
	*count = want;
	return true;
}

bool yaml_word(
	struct yaml_reader *r, const struct yaml_node *n, const char *const *words, unsigned *out)
{
	const char *word, *near;
	char all[256] = "";
	size_t used = 0, i;

	if (!yaml_string(r, n, &word))
		return false;
	for (i = 0; words[i]; i++) {
		if (strcmp(words[i], word) == 0) {
			*out = (unsigned)i;
			return true;
		}
		if (used < sizeof(all))
			used += (size_t)snprintf(
				all + used, sizeof(all) - used, "%s%s", i ? ", " : "", words[i]);
	}
	near = yaml_nearest(word, words);
	if (near)
		yaml_fail(r, n, "%s: unknown word \"%.60s\": did you mean \"%s\"?", named(n), word,
			near);
	else
		yaml_fail(r, n, "%s: unknown word \"%.60s\": write one of %s", named(n), word, all);
	return false;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Edit distance where a swap of neighbours counts once (optimal string alignment). */
static size_t distance(const char *a, size_t an, const char *b, size_t bn)
{
	size_t rows[3][WORD_MAX + 1];
	size_t i, j;

	for (j = 0; j <= bn; j++)
		rows[0][j] = j;
	for (i = 1; i <= an; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3],
		       *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (j = 1; j <= bn; j++) {
			row[j] = min3(above[j] + 1, row[j - 1] + 1,
				above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				two_above[j - 2] + 1 < row[j])
				row[j] = two_above[j - 2] + 1;
		}
	}
	return rows[an % 3][bn];
}

const char *yaml_nearest(const char *word, const char *const *known)
{
	size_t n = strlen(word), best = n / 3 + 1;
	const char *found = NULL;

	if (n == 0 || n > WORD_MAX)
		return NULL;
	for (; *known; known++) {
		size_t kn = strlen(*known), d;

		if (kn > WORD_MAX)
			continue;
		d = distance(word, n, *known, kn);
		if (d > best || (found && d == best))
			continue;
		best = d;
		found = *known;
	}
	return found;
}
