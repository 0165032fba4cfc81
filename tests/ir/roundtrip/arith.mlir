// RUN: sed 1d %s > %t.ttir && tritonc %t.ttir --passes "" --no-locations --emit ttir -o - | diff %t.ttir -
module {
  tt.func public @integers(%x: i32, %t: tensor<64xi64>) -> i32 {
    %addi = arith.addi %x, %x : i32
    %t_addi = arith.addi %t, %t : tensor<64xi64>
    %subi = arith.subi %x, %x : i32
    %t_subi = arith.subi %t, %t : tensor<64xi64>
    %muli = arith.muli %x, %x : i32
    %t_muli = arith.muli %t, %t : tensor<64xi64>
    %divsi = arith.divsi %x, %x : i32
    %ceildivsi = arith.ceildivsi %x, %x : i32
    %t_divsi = arith.divsi %t, %t : tensor<64xi64>
    %divui = arith.divui %x, %x : i32
    %t_divui = arith.divui %t, %t : tensor<64xi64>
    %remsi = arith.remsi %x, %x : i32
    %t_remsi = arith.remsi %t, %t : tensor<64xi64>
    %remui = arith.remui %x, %x : i32
    %t_remui = arith.remui %t, %t : tensor<64xi64>
    %andi = arith.andi %x, %x : i32
    %t_andi = arith.andi %t, %t : tensor<64xi64>
    %ori = arith.ori %x, %x : i32
    %t_ori = arith.ori %t, %t : tensor<64xi64>
    %xori = arith.xori %x, %x : i32
    %t_xori = arith.xori %t, %t : tensor<64xi64>
    %shli = arith.shli %x, %x : i32
    %t_shli = arith.shli %t, %t : tensor<64xi64>
    %shrsi = arith.shrsi %x, %x : i32
    %t_shrsi = arith.shrsi %t, %t : tensor<64xi64>
    %shrui = arith.shrui %x, %x : i32
    %t_shrui = arith.shrui %t, %t : tensor<64xi64>
    %maxsi = arith.maxsi %x, %x : i32
    %t_maxsi = arith.maxsi %t, %t : tensor<64xi64>
    %minsi = arith.minsi %x, %x : i32
    %t_minsi = arith.minsi %t, %t : tensor<64xi64>
    %maxui = arith.maxui %x, %x : i32
    %t_maxui = arith.maxui %t, %t : tensor<64xi64>
    %minui = arith.minui %x, %x : i32
    %t_minui = arith.minui %t, %t : tensor<64xi64>
    %nsw = arith.addi %x, %x overflow<nsw> : i32
    %both = arith.muli %x, %x overflow<nsw, nuw> {tt.divisibility = dense<16> : tensor<1xi32>} : i32
    tt.return %nsw : i32
  }
  tt.func public @floats(%x: f32, %t: tensor<8x8xbf16>) {
    %addf = arith.addf %x, %x : f32
    %t_addf = arith.addf %t, %t : tensor<8x8xbf16>
    %subf = arith.subf %x, %x : f32
    %t_subf = arith.subf %t, %t : tensor<8x8xbf16>
    %mulf = arith.mulf %x, %x : f32
    %t_mulf = arith.mulf %t, %t : tensor<8x8xbf16>
    %divf = arith.divf %x, %x : f32
    %t_divf = arith.divf %t, %t : tensor<8x8xbf16>
    %remf = arith.remf %x, %x : f32
    %t_remf = arith.remf %t, %t : tensor<8x8xbf16>
    %maxnumf = arith.maxnumf %x, %x : f32
    %t_maxnumf = arith.maxnumf %t, %t : tensor<8x8xbf16>
    %minnumf = arith.minnumf %x, %x : f32
    %t_minnumf = arith.minnumf %t, %t : tensor<8x8xbf16>
    %maximumf = arith.maximumf %x, %x : f32
    %t_maximumf = arith.maximumf %t, %t : tensor<8x8xbf16>
    %minimumf = arith.minimumf %x, %x : f32
    %t_minimumf = arith.minimumf %t, %t : tensor<8x8xbf16>
    %negf = arith.negf %x : f32
    %fast = arith.addf %x, %x fastmath<fast> : f32
    %some = arith.mulf %x, %x fastmath<nnan,contract> : f32
    tt.return
  }
  tt.func private @compare(%a: i32, %b: i32, %x: tensor<4xf64>, %y: tensor<4xf64>, %p: tensor<4x!tt.ptr<f32>>) -> tensor<4xf64> {
    %i_eq = arith.cmpi eq, %a, %b : i32
    %i_ne = arith.cmpi ne, %a, %b : i32
    %i_slt = arith.cmpi slt, %a, %b : i32
    %i_sle = arith.cmpi sle, %a, %b : i32
    %i_sgt = arith.cmpi sgt, %a, %b : i32
    %i_sge = arith.cmpi sge, %a, %b : i32
    %i_ult = arith.cmpi ult, %a, %b : i32
    %i_ule = arith.cmpi ule, %a, %b : i32
    %i_ugt = arith.cmpi ugt, %a, %b : i32
    %i_uge = arith.cmpi uge, %a, %b : i32
    %f_false = arith.cmpf false, %x, %y : tensor<4xf64>
    %f_oeq = arith.cmpf oeq, %x, %y : tensor<4xf64>
    %f_ogt = arith.cmpf ogt, %x, %y : tensor<4xf64>
    %f_oge = arith.cmpf oge, %x, %y : tensor<4xf64>
    %f_olt = arith.cmpf olt, %x, %y : tensor<4xf64>
    %f_ole = arith.cmpf ole, %x, %y : tensor<4xf64>
    %f_one = arith.cmpf one, %x, %y : tensor<4xf64>
    %f_ord = arith.cmpf ord, %x, %y : tensor<4xf64>
    %f_ueq = arith.cmpf ueq, %x, %y : tensor<4xf64>
    %f_ugt = arith.cmpf ugt, %x, %y : tensor<4xf64>
    %f_uge = arith.cmpf uge, %x, %y : tensor<4xf64>
    %f_ult = arith.cmpf ult, %x, %y : tensor<4xf64>
    %f_ule = arith.cmpf ule, %x, %y : tensor<4xf64>
    %f_une = arith.cmpf une, %x, %y : tensor<4xf64>
    %f_uno = arith.cmpf uno, %x, %y : tensor<4xf64>
    %f_true = arith.cmpf true, %x, %y : tensor<4xf64>
    %f_fast = arith.cmpf olt, %x, %y fastmath<ninf> : tensor<4xf64>
    %s = arith.select %i_eq, %a, %b : i32
    %s_scalar = arith.select %i_eq, %x, %y : tensor<4xf64>
    %s_tensor = arith.select %f_oeq, %x, %y : tensor<4xi1>, tensor<4xf64>
    tt.return %s_tensor : tensor<4xf64>
  }
  tt.func private @casts(%i: i16, %f: f32, %t: tensor<2x2xi1>) {
    %extsi = arith.extsi %i : i16 to i64
    %extui = arith.extui %t : tensor<2x2xi1> to tensor<2x2xi8>
    %trunci = arith.trunci %i : i16 to i8
    %extf = arith.extf %f : f32 to f64
    %truncf = arith.truncf %f : f32 to f16
    %sitofp = arith.sitofp %i : i16 to f32
    %uitofp = arith.uitofp %t : tensor<2x2xi1> to tensor<2x2xf32>
    %fptosi = arith.fptosi %f : f32 to i8
    %fptoui = arith.fptoui %f : f32 to i64
    %bitcast = arith.bitcast %f : f32 to i32
    %index = arith.index_cast %i : i16 to index
    tt.return
  }
}
