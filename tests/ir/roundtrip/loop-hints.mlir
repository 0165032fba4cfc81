// RUN: sed 1d %s > %t.ttir && tritonc %t.ttir --passes "" --no-locations --emit ttir -o - | diff %t.ttir -
#loop_licm = #llvm.loop_licm<disable = true, versioningDisable = true>
#loop_annotation = #llvm.loop_annotation<licm = #loop_licm>
module {
  tt.func public @hints(%n: i32) {
    scf.for %i = %n to %n step %n  : i32 {
      gpu.barrier
    } {llvm.loop_annotation = #loop_annotation, tt.disallow_acc_multi_buffer, tt.flatten, tt.num_stages = 2 : i32}
    tt.return
  }
}
