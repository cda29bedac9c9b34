component: @RELEASE@
