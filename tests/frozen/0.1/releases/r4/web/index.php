<?php // 4
