//! How often a text is met in source code and configuration: pairs of bytes, case ignored. Measured over 20 MB of C,
//! Rust, Python, JavaScript, markup and prose. Only speed rests on it.

/// The classes of a byte after `| 0x20`, in this order; one more class is everything else.
const CLASSES: &[u8; 41] = b"abcdefghijklmnopqrstuvwxyz0123456789\x7f-. /";
const COUNT: usize = CLASSES.len() + 1;

/// The class of each byte.
const CLASS: [usize; 256] = {
    let mut class = [CLASSES.len(); 256];
    let mut byte = 0;
    while byte < 256 {
        let mut number = 0;
        while number < CLASSES.len() {
            if (byte | 0x20) == CLASSES[number] as usize {
                class[byte] = number;
            }
            number += 1;
        }
        byte += 1;
    }
    class
};

/// In quarter bits above `0`: how rare a byte of the class is.
const ALONE: &[u8; COUNT] = br"CJDE?GIIBXNEFCCFTBCAFLNLMULOORTUTXTXDML;KF";

/// The same after a byte of the class that the row stands for.
const AFTER: [&[u8; COUNT]; COUNT] = [
    br"UEAAVLDVEYK>B<]CY=?:GJOKIWXTUX\\[Y[YHPSDYQ",
    br"?OGK=PKT?DY=LQ@H]CFI=VVPBVSSRTSWWXT[CLK=SL",
    br"@PIN?JU?FcAAIN9GUCH<GRXTP`TTTTYYW\ZZANPDVO",
    br"@MJD8PNV?Z^HHSBKWCFJHQQLNcUQTVYZZX[\@LI;TI",
    br"DODBICHXO_VBF=OJK=@@QDOEM^ZWZV_b[a]eCLJ;XJ",
    br"BOLJB@IT:i^CKD=L\BDFE\PSOmRSVUW[U\S[DKE<[J",
    br"FMLO:LKD@_^HIAFE_BAIFTZYUUVRSW[`^c\b?LH=LF",
    br";QNI7SWZ=dXNNS@OdEKAHUH\HS]TTUY`WXkeBPN?WK",
    br"GI@AFAC[S`RBC8?FYE?>YFYKiF_WPSbc\o\YHTVL[S",
    br"=TNV7PW[CYNPMN>DRR<Q@YMXWIYST\T^\YeeE?OFWK",
    br"DFJL9LJRBXOLHIFMXKCGFMO_SSZTSR\e^bbm<IJ>VE",
    br"=PNE:CRZ<XG?SR>M_QDDCPTQFZ]UQV\a^jYeCMOAUI",
    br";GIH9RSVAfX@=RA@[QEICTSOLa^XVW][XcR\AOOCOO",
    br"BTB?=F>XE]KIRKBM^Q?:EKSXM]aXZW`b`e_`EPN=VL",
    br"LHBBQCJZFVIC=:GBe;ECAJESX_]YZ_bc_edhFQRAXR",
    br"=RFG<LOGAcO@JS?D_>D@>QPSGjYRRXWZWc^ZALNEZM",
    br"NQEJHQXQLmZDIPLESIDN6TJR_XZQQTYfZe[`;FKAXE",
    br"?QFG9NGY?_LJFC@OMDCBAMSPG`WSVW[]^][^CPL?XJ",
    br"GNEP;QOE@_GJKMDDSLB9DSOYHV]XVT]ZY^bmCMG=NJ",
    br"?TIL=MY>?hULMUAKb>FGDUPME^\WVVa]YZZ`AML:VI",
    br"I?>EAFI_EaU@B=QBo===XUaIb^TMYDcoM_IhHUXJ`T",
    br";LIH8JOT<dLKEP?KXNJNR^\SX_QMMSKVOTU[ADMEVI",
    br"<OMH>RX>:_TKGC?OR>DPWZG\YXXPUVbZ[eUo@MIBVJ",
    br"FOEJCEQTEc`L;UOBVSF>SV^GQZ@EFIIIOMHP=EKAGI",
    br"KNMPJQMWLWYFFCE;`G?BSTKdYXYUWZ`cfeZk>IG9SF",
    br"BPPM3UXEAbVJJOCMXOMURNUWKMR[UVPa_bXYFQSETL",
    br"RPOQPN_]WoUZVa\[f_W_R_b:jb8CDIGJKJHKAIGBUD",
    br"OONONL[[WkSZW]gXXXTYQ_cN`d=@@EEB>FED@KC?RD",
    br"NNDMQNXUSkXVQS]O[VKUSW`J\c>CEFDCHGDI>KB:QD",
    br"MQIJPKUWUg]SW`^[gWWXWZ\LiaBC5EFCFHGEAMGCUF",
    br"LJMNKKYYOaQFS]]WgVTZP\ZIm\?EDEDEGECF>HF=SB",
    br"LMLNFLSVVbXMQa`OeZSSQVdKl`=@ACCA@FDE=LEBQD",
    br"LJMNMNXSSmSURebWZWUPQ]aIf^ADEC9EDGDJ>JH?SD",
    br"JLKKIEe]Wi[NO^__e[OWP]cHia@BACBC@@AA@JFATD",
    br"IKLNJM]dNiQTHUeQY^WZQZfHma=CDEEEAFBDBKI<XC",
    br"HKKMLJP_KeTaTUeNeY\ZQ[aSc\=?ACCCABC@@IGBME",
    br"BC>@BCFE@VKDAEE@N@>AEFHPXVPOPRUWU]W]Db`RfU",
    br"HIFGDINNF[PEHMHHWIEGNNLPTONHGRRVXYNPe9Z@_B",
    br"DHAEFFG@CPOFFFCCVDBEHKJRWWDIKMOOQQQUG\C>PE",
    br"EHDHIGNMDWRIHIHGWGDCILJLV[JNQUVXX[X\NMT5NG",
    br"GM<HOQLPKURHJQNJ`LFHPQLO`^XWR[_`_bb^`[T=8C",
    br"KLFGLKPOGZSIKLOHYIEJLNQT]YNQUXZ[]^]`QSL9E@",
];

/// Nothing listed is more common than this.
const LISTED: u32 = 32;
/// What is not among the commonest is rarer than this.
const NOT_LISTED: u32 = 56;

/// The commonest four bytes in a row, ascending, each with its rarity: quarter bits above [`LISTED`], from `A` on.
/// Twenty in a line.
const COMMONEST: [&[u8; 100]; 81] = [
    b"    A   -V   .T   /L   0T   _Y   aP   bT   cQ   dQ   eS   fN   iN   lN   mR   nT   oU   pN   rO   sL",
    b"   tQ   uS   vX   wV  - U  //L  0xT  asS  coT  deT  fnS  foT  ifQ  inV  leO  maY  myV  paY  prY  puP",
    b"  reP  seQ  stT  thV  unW  usY // R ///O 0x0Q 0x1Y 0xfX __iW __uX a cY a pX a sW accX actX addR allR",
    b" an T andL anyU appX areR argW as Q assQ at W attX autW bacY basX be P bitU bloY booV bufU butW by T",
    b" bytV c_iY calU canS carX chaQ cheV claT clkW cloV codV colW comO conI copR corU couW cpuW craS curW",
    b" datR de Y debY defP desW devR dirW disT do X docY driX elsT enaX endX entX errQ eveV expU extW faiX",
    b" falT filP flaV fn O forJ froR funV genU getU gplX hanX hasT havW heaX hreW httX if M impR in L incU",
    b" indV infX inlV inpX insT intK is L it S iteV keyS lenV letN licY linT lisW locX logY lonS macY mapW",
    b" matT maxX memX metX modR mutU my V namQ neeX newV no X nonS notN nulU numS objX of L offW on S oneX",
    b" onlW opeV optS or Q othU outS pacW pagY parP patT perT plaW poiY porY posX preU priV proO pubP reaS",
    b" recX refW regR relW remX repV reqU resP retM runW secW seeW selL senY serW setS shaY shoU sigX sizR",
    b" sndX so Y sofV somT spdW speV staP stdW strK subV supU synY sysU tarX tesT texX thaP theE thiN timU",
    b" to I traT truU typQ u32P uniX unsS useN usiU valP varX verT voiS warX wasX we T wheR whiT wilU winX",
    b" witO worU wriV xmlI youT----H-2.0W-ideW-licW. thW.comU.htmX.orgW.unwX/ thX//  Y// aX// sY// tV/// L",
    b"////X/comI0000L0x00R0xffY_addR_allW_attU_basV_bitV_bufU_bytX_chaU_clkT_cmdW_comT_conQ_couW_cpuX_ctrW",
    b"_datR_desV_devO_dirX_disW_enaW_endY_entV_errR_eveX_filV_flaW_forW_freY_funX_getR_hanY_heaX_id_Y_infS",
    b"_iniS_intQ_irqU_kerW_keyW_lenU_linV_lisX_locV_mapW_masT_maxV_memX_modT_mutY_namS_nodY_numX_offU_opsX",
    b"_outX_pagY_parT_patX_pinW_porX_preX_priU_proS_ptrY_reaT_refY_regP_reqX_resS_setR_shiX_sizR_socX_staO",
    b"_strR_sysW_tabX_timT_to_U_traX_typR_u32Y_useX_valV_verW_wriVa hrXableKacceVace XacheSack Wack_YackaX",
    b"ackeTacroWactiTadapYaddiYaddrOaderTafe Xage Uage_VagesWags XaileXalidSaligWalizTall RalleWalloQallyV",
    b"alseTalueName Qame.YamesXamplVanceVand Land_XandlSangeSanneVany VappeWapplXaramSarchSare ParenWargeS",
    b"argoYargsVariaVarraTarseRart XartiWase Pase_Yask Yass XassePasteYat tXata Rata_WatchPate Pate_RatedS",
    b"atesVatfoVath XaticMatioLatomXatorSatteUattrQaturQatusSaudiYaultQauthVautoVave Vb coOb fnWb stXb tyY",
    b"backRbasePber XbiliXbitsVbjecSble Qble_UbledXblocTboolSbpf_VbreaUbuffSbuilTbut WbuteVbyteQc coYc inR",
    b"c voXc_inVcachUcallPcan UcardYcargYcaseRcateVcatiUccesVcensRceptWcessRchanQcharPchecRchedYchemXchesY",
    b"chipVcifiXckagXckedYcketUclasQcleaWclieXclk_RclocWclonVcludNcmd_YcodeNcoloUcommDcompNcondVconfNconnV",
    b"consJcontNcopyQcoreRcounRcpu_VcratPcreaVcripTct aWct cVct dTct iTct mVct nVct pUct rXct sSct tWctedW",
    b"ctioNctivXctorTctrlScumeVcurrUd byVd foYd inPd loTd noXd reYd thUd toRdataKdateRddreVdebuSdecoYded V",
    b"def QdefaQdefiHdencYdentRdepeXder UderiTdescRdev Wdev-Sdev_SdeviNdiffXdingQdireUdisaWdispWdistVditiY",
    b"dlerYdma_VdocuVdowsXdresVdrivTdrm_WduleSdx-lWe __We a Xe anUe caVe clXe coRe deUe exYe fiWe foSe inR",
    b"e isTe itXe liWe maWe noXe ofUe orXe paWe prWe reRe seVe soVe stTe teYe thPe toTe usVe wiXe-idWe_coX",
    b"e_deYe_inWe_maYe_reVe_stWe_t YeachXead Vead_UeadeTeaseVeateVeatuRebugSecifXeconYect Uect_XecteWectiS",
    b"ectoUed aVed bUed fWed iQed lTed tQed wXeen Yef _VefauQeferWefinHegisSeighYeleaWelemYelf Welf-Yelf.N",
    b"elseRemenRemorWemovWemptWen tXenabSenamYenceTencoVend WendeUendiSenerSengtWenseQent Gent.Xent_SentaU",
    b"enteXentiSentrRentsRenumTeoutYeparYepenXequeSequiVer aYer iWer oXer tTer_sYeralXeratRere VerenVeriaW",
    b"ericVerivUermiWern WernaWerneTerr YerroMers VersiPert_SertiYerveWes aVes oWes tUescrUeserXesetUesouW",
    b"ess SessaWessiYest Vest_TesulRet mVet sYet tYet_cYet_dXeterYethoXeturJevelVevenReverXevicNexamXexceX",
    b"exitXexpeWexpoXexprXext Xext_YexteSf __Xf coXf thPfailTfalsTfaulQfeatRfereVfferRffffWffseRfielTfierT",
    b"fig_SfileMfiltXfindXfineHfirsXflagPflowYfndeXfontWfor KforeYformNframXfreeUfromNfsetRftwaVfuncQg thV",
    b"geneSget Xget_Pght TgistSgit UglobXgnedOgotoWgpioUgpl-XgramXgrouUh thWhandShangVhannWhar Uhas XhashT",
    b"hat QhaveVhe aWhe cRhe dVhe eXhe fUhe iXhe lWhe mWhe nYhe oXhe pUhe rVhe sQhe tWheadQheckRhemaYhen T",
    b"her ThereShichVhiftThileYhingXhis NhostUhoulXhoutXhreaWhrefWhtmlVhttpSi2c_YialiVibleXibutTic cYic iR",
    b"ic sXic vXicalVicatVice Qice_UicenRich WidatYidenSideoXidthWieldSientVies Vif tWificXifieRifndXightP",
    b"igneOigurYile RiledXilesXilitWill TilteYime YimerWimitVimplPimpoVin aXin tSinalYinclNindeRindiXindoV",
    b"ine Gine_XinedWinesYinfoOing Jing.Wing_TingsUinitOinliRinneYinpuSinstRint Kint_XinteNintoTinuxQinvaU",
    b"ion Kion.Vion_TionaVionsOiptiXirecUirq_WirstXis aVis cYis fWis iVis nVis pXis sXis tYisabWist Yist_X",
    b"isteSistrWit iYitchXite Yite_WitemSiterPith QithoXitioUits Vity Yive XiverTize Size_UizedYizeoWjectR",
    b"kageXkernSkey_WkingYl coYl-2.XlagsRlangIlassQlastYlateTlatfVlatiXle tYlearYleasVlectWled UlemeUlen X",
    b"lengWles XlessXlet NleteXleveWlf._XlicePlienXlignWlikeYlimiWlineNlingWlinkSlinuQlistQliteXlityWlizeU",
    b"ll bYllocTllowSlly WloadUlocaSlockMloneVlongPlse UlterXludeNlue Wm thYmacrXmageXmainUmakeWmandUmap_T",
    b"markWmaskRmatcRmatiXmax_VmberRmbolXmemoWmentDmessXmetaWmethWmmanUmmenEmod WmodeQmoduSmoreXmoryXmoveV",
    b"mpatXmpl WmplePmporUmpreYmptyYmultWmustXmut PmuteXn -eWn anYn coWn inVn ofYn reUn thPnablSnal WnameJ",
    b"nce UncluNncodVnctiTnd tVnd_sYndefVndenWnderVndexSndifVndinXndleSndowVne _Xne aXne cVne iUne mUne pY",
    b"ne rWne sUne vYnectXned NneedWnel_WneraWneriXnextUnfigOnfo Wng aVng iYng tTngthWningUnit_VnitiWnlinR",
    b"nlocYnly VnnecWnnelWnnerYnodeRnoneSnormXnot OnoteXnotiXnputSnsafXnse-VnsigPnst LnstaTnstrXnt cYnt iV",
    b"nt rWnt sWnt tWnt xIntaiXntatWntegYntelXntenVnterOntexWntifVnto XntroTntrySnts VnullSnum Vnum_VnumbS",
    b"nux/TnvalUnwraXo beYo reXo thSobj-XobjeTocalXocatVocesWock Wock_TocumVode Rode_UodulSof tQoffsRoftwV",
    b"ograXoid OointTokenUolleXolorUom tYomapYomicXommaUommeEompaVomplXomprYon iXon oWon tVonalVone UonfiO",
    b"ong SonlyTonneXons TonstKontaXonteSontrSool VopenUoperSoptiPopyrVor aUor cXor iWor mYor sXor tTordeX",
    b"ore Uore_Yorg/Xorm_YormaOort Rort_UorteWory WositYotheSoto WouldUoundSountQour XourcSout Sout_XoutpU",
    b"overUovidYowerUpaceVpackRpageSparaRpareUparsQpartUpassXpathPpci_XpdatUpdevWpdx-WpeciVpectWpendTperaW",
    b"perfWpertXpin_YpingWpl-2XplatTplayYplemXpletYplicXpoinTportLposiXpoweVpporUprefXpresSprinSprivRprobW",
    b"procSprogUpropUprotTprovXptioOpub Jput Wput_WpyriVquesTqueuVquirUr coYr inWr thRr toYraceVractWrameU",
    b"randXrangVransUrantXrateNratiSratoUrderXre aYre iWre tXreadMreakUreamTreatVrectSred WrefeXreg_TregiR",
    b"regmYregsVreleWremoVrencXrentRrepoXreprWrequQres WreseRresoUrespYressQrestXresuRret UretuJrgetTrialV",
    b"ribuTriesXrighSringNrintSriptSritePriveQrmalWrmatQrn -Vrn 0Urn rXrnalXrnelTroceVrogrWrom Rrom_UropeW",
    b"ror VrotoVroupUroviYrrayVrrenVrrorMrserYrsioPrt_eTrtedWructFrustUs a Us anVs arVs coXs foUs inTs isW",
    b"s noTs ofUs prYs reWs thQs toTs wiYs_reXsablWsafeUsageVscalVscheVscriSse aXse cXse iXse sWse tWse-iW",
    b"sectWsed Ssee XselfIsendXsentXseriVsertPservVset Sset_QshifTshouWsignNsingSsionNsizeKsnd_WsockWsoftU",
    b"someSsourSspacUspanUspdxWspecSssagXsserQssioXst aYst cWst eWst sRstacWstanTstarQstatIstemVsterQstorV",
    b"streTstriNstruFstylUsub XsubsYsultRsupeYsuppTswitXsymbXsyncUsys_XsyscWsystVt anYt beWt chXt coTt deV",
    b"t foWt inSt isUt liXt maXt muWt noXt ofUt paYt prYt reRt seUt stRt thRt toUt wiYt xmIt_coWt_deWt_eqU",
    b"t_inXt_maXt_reVt_stWtablQtackWtainVtancYtargTtartRtateOtatiLtatuStch Ttch_YtcheYte tXted Ptem WtempW",
    b"tendXtentWter Qter_TteraUtermVternRterrXtersVtes UtestNtextQtforVth tXthatPthe EtherPthinYthisMthodX",
    b"thorYthouWthreUtialUtic MtifiTtimeMtingRtionFtiveUtly Yto aVto bXto cXto dYto rYto sXto tStokeUtomiX",
    b"tor WtoreXtoryWtputUtracStraiXtranTtreaTtreeXtribTtrinPtrl_VtrolTtrucFtrueStry YtterUttpsUttriXtureO",
    b"turnItwarVtyleUtypeJu32 Oub cOub fVub sWub tWubliYuct Fude PuestTueueVuffeTuildUuintVuireVuld Vult V",
    b"ultiWumbeSumenRunctSundeWunsaXunsiPunwrXupdaVuperYuppoUurceSure SuresWurn KurreVuse NusedTuserTusizU",
    b"ust Vut sWutexYuthoYutilXutpuUval XvaliSvaluNvariVventRver UversOviceNvideTvoidMwaitYwareTwarnVwas Y",
    b"whenUwherXwhicVwhilYwidtWwillUwindUwitcYwithNwordTworkTwrapUwritOx-liWx000UxampXxcepYxpecXxporYxsltW",
    b"xtenXxterVy thXymboXyou Vype Rype_VypesVyrigVysteVytesSzeofWzeroW~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",
];

/// The chance that the text begins at a given byte.
pub(super) fn chance(text: &[u8]) -> f64 {
    (-f64::from(quarter_bits(text)) / 4.0).exp2()
}

/// How common the four bytes are, in parts of 2^32. Without `fold`, capitals are rarer.
pub(super) fn common(four: [u8; 4], fold: bool) -> u64 {
    let capitals = four.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let rarer = if fold { 0 } else { 2 * capitals };
    let bits = listed(four.map(|byte| byte.to_ascii_lowercase()))
        .unwrap_or_else(|| quarter_bits(&four).max(NOT_LISTED));
    ((1 << 32) >> (bits / 4).min(32)) >> rarer
}

/// How common those of the commonest four bytes are together for which the test holds, in parts of 2^32.
pub(super) fn commonest(mut test: impl FnMut([u8; 4]) -> bool) -> u64 {
    let entries = COMMONEST.iter().flat_map(|line| line.as_chunks::<5>().0);
    let weight = |&[one, two, three, four, code]: &[u8; 5]| {
        let met = test([one, two, three, four]);
        let bits = (LISTED + u32::from(code) - u32::from(b'A')) / 4;
        if met { (1 << 32) >> bits.min(32) } else { 0 }
    };
    entries.map(weight).sum()
}

/// How rare four bytes are that are among the commonest.
fn listed(four: [u8; 4]) -> Option<u32> {
    let entry = |number: usize| COMMONEST[number / 20].as_chunks::<5>().0[number % 20];
    let (mut from, mut to) = (0, COMMONEST.len() * 20);
    while from < to {
        let middle = usize::midpoint(from, to);
        let [one, two, three, last, code] = entry(middle);
        match four.cmp(&[one, two, three, last]) {
            std::cmp::Ordering::Equal => return Some(LISTED + u32::from(code) - u32::from(b'A')),
            std::cmp::Ordering::Less => to = middle,
            std::cmp::Ordering::Greater => from = middle + 1,
        }
    }
    None
}

/// Four times the negative binary logarithm of the chance.
pub(super) fn quarter_bits(text: &[u8]) -> u32 {
    let class = |byte: u8| CLASS[usize::from(byte)];
    let above = |code: u8| u32::from(code) - u32::from(b'0');
    let first = text.first().map_or(0, |&byte| above(ALONE[class(byte)]));
    let rest = text
        .windows(2)
        .map(|pair| above(AFTER[class(pair[0])][class(pair[1])]));
    first + rest.sum::<u32>()
}
