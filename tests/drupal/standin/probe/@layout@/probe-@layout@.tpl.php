template: @RELEASE@
<?php foreach ($parts as $part => $release): ?>
<?php print "$part: $release\n"; ?>
<?php endforeach; ?>
