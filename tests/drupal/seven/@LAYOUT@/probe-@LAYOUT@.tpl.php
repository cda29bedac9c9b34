template: @RELEASE@
<?php foreach ($lines as $part => $release): ?>
<?php print $part . ': ' . $release . "\n"; ?>
<?php endforeach; ?>
