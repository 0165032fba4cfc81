// RUN: sed 1d %s > %t.ttir && tritonc %t.ttir --passes "" --no-locations --emit ttir -o - | diff %t.ttir -
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:90"} {
  tt.func private @declared(i32 {tt.divisibility = 16 : i32}, f32) -> (i32, f32)
  tt.func public @kernel(%arg0: i32, %x_ptr: !tt.ptr<f32> {tt.divisibility = 16 : i32}) {
    %0:2 = tt.call @two(%arg0) : (i32) -> (i32, i32)
    %1 = tt.call @"a name, quoted"(%0#1) : (i32) -> i32
    tt.call @nothing() : () -> ()
    tt.return
  }
  tt.func private @two(%arg0: i32) -> (i32, i32) attributes {noinline = true} {
    tt.return %arg0, %arg0 : i32, i32
  }
  tt.func private @"a name, quoted"(%arg0: i32) -> (i32 {tt.divisibility = 8 : i32}) {
    tt.return %arg0 : i32
  }
  tt.func @nothing() {
    tt.return
  }
}
