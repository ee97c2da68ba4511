/* One value of the configuration file each: typed, ranged, with its place in every error. */
#include "config_int.h"

#include <arpa/inet.h>

bool value_string(struct loader *l, const struct yaml_node *map, const char *key, const char **out)
{
	const struct yaml_node *n = yaml_get(map, key);

	return !n || yaml_string(&l->r, n, out);
}

bool value_path(struct loader *l, const struct yaml_node *map, const char *key, const char **out)
{
	const struct yaml_node *n = yaml_get(map, key);
	const char *path;

	if (!n)
		return true;
	if (!yaml_string(&l->r, n, &path))
		return false;
	if (path[0] != '/')
		path = qw_arena_printf(
			l->r.arena, "%s/%s", strcmp(l->folder, "/") == 0 ? "" : l->folder, path);
	if (!path)
		yaml_fail(&l->r, n, "out of memory");
	*out = path;
	return path;
}

bool value_bool(struct loader *l, const struct yaml_node *map, const char *key, bool *out)
{
	const struct yaml_node *n = yaml_get(map, key);

	return !n || yaml_bool(&l->r, n, out);
}

bool value_size(struct loader *l, const struct yaml_node *map, const char *key,
	struct value_range range, size_t *out)
{
	const struct yaml_node *n = yaml_get(map, key);
	uint64_t value;

	if (!n)
		return true;
	if (!yaml_u64(&l->r, n, range.min, range.max, &value))
		return false;
	*out = (size_t)value;
	return true;
}

bool value_u32(struct loader *l, const struct yaml_node *map, const char *key,
	struct value_range range, uint32_t *out)
{
	size_t value = *out;

	QW_ASSERT(range.max <= UINT32_MAX);
	if (!value_size(l, map, key, range, &value))
		return false;
	*out = (uint32_t)value;
	return true;
}

bool value_u16(struct loader *l, const struct yaml_node *map, const char *key,
	struct value_range range, uint16_t *out)
{
	size_t value = *out;

	QW_ASSERT(range.max <= UINT16_MAX);
	if (!value_size(l, map, key, range, &value))
		return false;
	*out = (uint16_t)value;
	return true;
}

bool value_word(struct loader *l, const struct yaml_node *map, const char *key,
	const char *const *words, unsigned *out)
{
	const struct yaml_node *n = yaml_get(map, key);

	return !n || yaml_word(&l->r, n, words, out);
}

bool need_string(struct loader *l, const struct yaml_node *map, const char *key, const char **out)
{
	return yaml_need(&l->r, map, key) && value_string(l, map, key, out);
}

bool need_path(struct loader *l, const struct yaml_node *map, const char *key, const char **out)
{
	return yaml_need(&l->r, map, key) && value_path(l, map, key, out);
}

void *need_list(struct loader *l, const struct yaml_node *map, const char *key, size_t item_bytes,
	size_t *count)
{
	const struct yaml_node *n = yaml_need(&l->r, map, key);
	void *items;

	if (!n || !yaml_expect(&l->r, n, YAML_LIST))
		return NULL;
	if (n->count == 0) {
		yaml_fail(&l->r, n, "%s is an empty list: give at least one", key);
		return NULL;
	}
	items = qw_arena_alloc(l->r.arena, n->count * item_bytes);
	if (!items)
		yaml_fail(&l->r, n, "out of memory");
	*count = n->count;
	return items;
}

bool is_loopback(const char *address)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, address, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return strcmp(address, "localhost") == 0;
}

bool value_address(struct loader *l, const struct yaml_node *map, const char *key, const char **out)
{
	const char *text = NULL;
	size_t n;

	if (!value_string(l, map, key, &text))
		return false;
	if (!text)
		return true;
	n = strlen(text);
	if (n > 2 && text[0] == '[' && text[n - 1] == ']')
		text = qw_arena_strdup(l->r.arena, qw_bytes(text + 1, n - 2));
	if (!text)
		yaml_fail(&l->r, map, "out of memory");
	*out = text;
	return text;
}
