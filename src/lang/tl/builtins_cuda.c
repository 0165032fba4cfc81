/* builtins_cuda.c: tl.extra.cuda: special registers of a CUDA device, and dependent launches. */
#include <string.h>

#include "lang/tl/tl.h"

/* One instruction without operands, as inline assembly. */
static Val *instruction(Lang *L, const Builtin *f, const char *text, const char *constraint, LKind kind, bool pure) {
  if (!L->options.takes_ptx)
    lang_fail(L, NULL, "%s is for CUDA devices, and this kernel is compiled for %s", f->name,
              L->options.target_name ? L->options.target_name : "none");
  const LType *t = lt_scalar(L, kind);
  Type *ir = lt_ir(L, t);
  Op *op = ir_op(&L->b, OP_INLINE_ASM, &ir, 1, NULL, 0);
  ir_set_attr(L->cx, op, "asm_string", ir_attr_string(L->cx, text, strlen(text)));
  ir_set_attr(L->cx, op, "constraints", ir_attr_string(L->cx, constraint, strlen(constraint)));
  ir_set_attr(L->cx, op, "pure", ir_attr_bool(L->cx, pure));
  ir_set_attr(L->cx, op, "packed_element", ir_attr_int(L->cx, ir_int(L->cx, 32), 1));
  return val_tensor(L, &op->results[0], t);
}

Val *builtin_globaltimer(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)args, (void)nargs;
  return instruction(L, f, "mov.u64 $0, %globaltimer;", "=l", L_INT64, false);
}

Val *builtin_smid(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)args, (void)nargs;
  return instruction(L, f, "mov.u32 $0, %smid;", "=r", L_INT32, true);
}

/* f->op: how many of it a warp has. */
Val *builtin_num_warps(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)args, (void)nargs;
  return val_int(L, (BigInt)L->options.common.num_warps * f->op);
}

/* Emits nothing on targets without dependent launches. */
static Val *dependency(Lang *L, const Builtin *f, const char *text) {
  if (L->options.takes_ptx) instruction(L, f, text, "=r", L_INT32, false);
  return val_none(L);
}

Val *builtin_gdc_wait(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)args, (void)nargs;
  return dependency(L, f, "griddepcontrol.wait; // dummy $0");
}

Val *builtin_gdc_launch(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)args, (void)nargs;
  return dependency(L, f, "griddepcontrol.launch_dependents; // dummy $0");
}

/* Between float8e4b15 and f16 or f32: a cast, which does the same on every target. */
Val *builtin_convert_custom_float8(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  Val *x = sem_arg_tensor(L, args[0], f, "arg");
  return sem_cast(L, x, sem_arg_dtype(L, args[1], "convert_custom_float8: `dst_ty`"));
}
