/* json.c: text as a string of JSON. */
#include "base/base.h"

void buf_json(Buf *b, const char *s, size_t n) {
  buf_putc(b, '"');
  for (size_t i = 0; i < n; i++) {
    unsigned char ch = (unsigned char)s[i];
    size_t wide = ch < 0x80 ? 1 : utf8_len(s + i, n - i);
    bool in_tag = ch == '<' && i + 1 < n && (s[i + 1] == '/' || s[i + 1] == '!');
    if (ch == '"' || ch == '\\')
      buf_printf(b, "\\%c", ch);
    else if (ch == '\n')
      buf_puts(b, "\\n");
    else if (ch == '\t')
      buf_puts(b, "\\t");
    else if (ch < 0x20 || in_tag)
      buf_printf(b, "\\u%04x", ch);
    else if (!wide)
      buf_puts(b, "\\ufffd");
    else
      buf_write(b, s + i, wide);
    i += wide > 1 ? wide - 1 : 0;
  }
  buf_putc(b, '"');
}
