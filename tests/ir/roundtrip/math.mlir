// RUN: sed 1d %s > %t.ttir && tritonc %t.ttir --passes "" --no-locations --emit ttir -o - | diff %t.ttir -
module {
  tt.func public @functions(%x: f32, %t: tensor<16xf64>, %i: tensor<16xi32>, %q: i64) {
    %exp = math.exp %x : f32
    %t_exp = math.exp %t : tensor<16xf64>
    %exp2 = math.exp2 %x : f32
    %t_exp2 = math.exp2 %t : tensor<16xf64>
    %log = math.log %x : f32
    %t_log = math.log %t : tensor<16xf64>
    %log2 = math.log2 %x : f32
    %t_log2 = math.log2 %t : tensor<16xf64>
    %sin = math.sin %x : f32
    %t_sin = math.sin %t : tensor<16xf64>
    %cos = math.cos %x : f32
    %t_cos = math.cos %t : tensor<16xf64>
    %erf = math.erf %x : f32
    %t_erf = math.erf %t : tensor<16xf64>
    %sqrt = math.sqrt %x : f32
    %t_sqrt = math.sqrt %t : tensor<16xf64>
    %rsqrt = math.rsqrt %x : f32
    %t_rsqrt = math.rsqrt %t : tensor<16xf64>
    %floor = math.floor %x : f32
    %t_floor = math.floor %t : tensor<16xf64>
    %ceil = math.ceil %x : f32
    %t_ceil = math.ceil %t : tensor<16xf64>
    %trunc = math.trunc %x : f32
    %roundeven = math.roundeven %t : tensor<16xf64>
    %absf = math.absf %x : f32
    %t_absf = math.absf %t : tensor<16xf64>
    %fast = math.exp %x fastmath<afn> : f32
    %absi = math.absi %i : tensor<16xi32>
    %fma = math.fma %t, %t, %t : tensor<16xf64>
    %clamp = tt.clampf %x, %x, %x, propagateNan = none : f32
    %clamp_nan = tt.clampf %t, %t, %t, propagateNan = all : tensor<16xf64>
    %sqrt_rn = tt.precise_sqrt %x : f32
    %div_rn = tt.precise_divf %t, %t : tensor<16xf64>
    %high = tt.mulhiui %i, %i : tensor<16xi32>
    %rounded = tt.fp_to_fp %x, rounding = rtz : f32 -> f16
    %nearest = tt.fp_to_fp %t, rounding = rtne : tensor<16xf64> -> tensor<16xf8E4M3FN>
    %wider = tt.fp_to_fp %nearest : tensor<16xf8E4M3FN> -> tensor<16xf32>
    %ext = tt.extern_elementwise %x, %x {libname = "", libpath = "", pure = true, symbol = "__nv_powf"} : (f32, f32) -> f32
    %asm:2 = tt.elementwise_inline_asm "mov.b32 $0, $2;\0Amov.b32 $1, \22x\22;" {constraints = "=r,=r,r", packed_element = 1 : i32, pure = true} %i : tensor<16xi32> -> tensor<16xi32>, tensor<16xi32>
    %none = tt.elementwise_inline_asm "clock" {constraints = "=r", packed_element = 1 : i32, pure = false} -> i32
    %poison = ub.poison : tensor<16xf32>
    %true = arith.constant true
    llvm.intr.assume %true : i1
    gpu.barrier
    tt.return
  }
}
