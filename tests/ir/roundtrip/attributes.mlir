// RUN: sed 1d %s > %t.ttir && tritonc %t.ttir --passes "" --no-locations --emit ttir -o - | diff %t.ttir -
#blocked = #ttg.blocked<{sizePerThread = [1, 1, 1], threadsPerWarp = [1, 1, 32], warpsPerCTA = [1, 1, 4], order = [2, 1, 0]}>
module attributes {tt.array = [1 : i32, "two", [true, 3], @sym], tt.bool = false, tt.dict = {flag, inner = 1 : i8}, tt.double = 1.500000e+00 : f64, tt.func = (i32, f32) -> (), tt.index = 3 : index, tt.ints = array<i64: 1, -2>, tt.long = 3 : i64, "tt.needs quotes" = 1 : i32, tt.nested = #ttg.slice<{dim = 1, parent = #ttg.slice<{dim = 0, parent = #blocked}>}>, tt.none = array<i32>, tt.string = "q\22 \\ \0A", tt.type = tensor<4x!tt.ptr<f16>>, tt.unit} {
  tt.func public @f() {
    %c1_i32 = arith.constant {tt.b = [], z = {}} 1 : i32
    tt.return
  }
}
