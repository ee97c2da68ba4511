#include "trees.h"

#include "words.h"

#include <stdio.h>
#include <stdlib.h>

enum { TREES_MAX = 1000, FILE_MAX = 16 << 20 };

static struct tree list[TREES_MAX];
static size_t count;
static char *text; /* of the file: the list points into it */

/* A key, then the tree's lines or "! error"; a blank line ends it. */
static void load_one(char **rest)
{
	char *key = strsep(rest, "\n"), *body = *rest;
	char *end = body ? strstr(body, "\n\n") : NULL;

	if (strncmp(key, "tree ", 5) != 0)
		return; /* a comment */
	QW_ASSERT(count < TREES_MAX && end);
	end[body[0] != '!'] = '\0'; /* a tree ends in a line feed */
	*rest = end + 2;
	list[count].key = key;
	list[count].is_error = body[0] == '!';
	list[count++].said = body + (body[0] == '!' ? 2 : 0);
}

static void load(void)
{
	FILE *f = fopen(TREES_FILE, "rb");
	char *rest;

	text = calloc(1, FILE_MAX);
	QW_ASSERT(text);
	if (!f)
		return;
	QW_ASSERT(fread(text, 1, FILE_MAX - 1, f) < FILE_MAX - 1);
	(void)fclose(f);
	for (rest = text; rest && *rest;)
		load_one(&rest);
}

static void want(const char *key)
{
	const char *path = getenv("TREES_WANTED");
	FILE *f = path ? fopen(path, "a") : NULL;

	if (!f)
		return;
	(void)fprintf(f, "%s\n", key);
	(void)fclose(f);
}

int trees_put_key(struct qw_bytes sql, struct qw_bytes types, struct qw_buf *out)
{
	int err = qw_buf_append(out, "tree ", 5);

	if (!err)
		err = words_put_string(out, sql);
	for (size_t i = 0; !err && i + 4 <= types.n; i += 4)
		err = qw_buf_printf(out, " %u", (unsigned)types.p[i] << 24 | (unsigned)types.p[i + 1] << 16 |
			(unsigned)types.p[i + 2] << 8 | types.p[i + 3]);
	return err;
}

const struct tree *trees_find(struct qw_bytes sql, struct qw_bytes types)
{
	const struct tree *found = NULL;
	struct qw_buf key;

	if (!text)
		load();
	qw_buf_init(&key, 1 << 22);
	QW_ASSERT(!trees_put_key(sql, types, &key) && !qw_buf_append(&key, "", 1));
	for (size_t i = 0; i < count && !found; i++)
		if (strcmp(list[i].key, (const char *)key.p) == 0)
			found = &list[i];
	if (!found)
		want((const char *)key.p);
	qw_buf_fini(&key);
	return found;
}
